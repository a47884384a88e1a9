package host

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// needs says what a release needs on a host.
type needs struct {
	manifest  *release.Manifest // nil: the host already has the release
	digest    release.Digest    // of that manifest
	glibc     string
	libraries []string
	staged    release.ID // read the note of this staged release
}

func needsOf(q Question) (needs, error) {
	if q.Release == nil {
		return needs{staged: q.Staged}, nil
	}
	digest, err := q.Release.Digest()
	return needs{manifest: q.Release, digest: digest, glibc: q.Release.NewestGlibc(), libraries: q.Release.Libraries(), staged: q.Staged}, err
}

// id returns the release that the look is about; empty: none.
func (n needs) id() release.ID {
	if n.manifest != nil {
		return n.manifest.ReleaseID
	}
	return n.staged
}

// Fits returns what prevents a release from running on the host, or from being
// staged there, as of the last look.
func (h *Host) Fits(m release.Manifest) error {
	n, err := needsOf(Question{Release: &m})
	if err != nil {
		return err
	}
	var f found
	f.fit(h.seen.Inspection, n)
	f.room(h.seen.Inspection, m)
	f.contents(h.seen.Inspection, n)
	return errors.Join(f...)
}

// found collects everything that would make a change of the host fail, each
// with its remedy.
type found []error

func (f *found) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func findings(in script.Inspection, p Plan, n needs) []error {
	var f found
	if in.BaseKind != "dir" && in.BaseKind != "link" {
		f.add("%s is not there: run the setup phase for this host, or set deploy-to", p.Layout.Base)
		return f
	}
	f.tools(in)
	f.directories(in, p)
	f.current(in, p)
	f.record(in, p)
	f.units(in, p)
	f.migrate(in, p)
	f.rules(in)
	if n.manifest != nil {
		f.fit(in, n)
		f.room(in, *n.manifest)
		f.contents(in, n)
	}
	return f
}

func (f *found) tools(in script.Inspection) {
	missing := slices.DeleteFunc(slices.Clone(in.Missing), func(tool string) bool { return tool == "curl" })
	if len(missing) > 0 {
		f.add("%s: not installed, or not on the PATH of %s", strings.Join(missing, ", "), in.User)
	}
	if in.Hidden {
		f.add("/proc hides the processes of other users from %s (hidepid), so what runs cannot be proved: mount it with gid=GROUP as well, for a group that %s is in", in.User, in.User)
	}
}

func (f *found) directories(in script.Inspection, p Plan) {
	if in.ReadOnly != "" {
		f.add("a file system of %s is mounted read-only (%s): see 'dmesg', repair the disk, then 'mount -o remount,rw %s'", p.Layout.Base, in.ReadOnly, in.ReadOnly)
		return
	}
	for _, dir := range in.NoDirectory {
		if dir != p.Layout.State() || slices.Contains(in.Unwritable, p.Layout.Base) {
			f.add("%s is not there: run the setup phase, or create it for %s", dir, in.User)
		}
	}
	for _, place := range in.Unwritable {
		f.add("%s cannot write %s: run the setup phase, or 'chown %s %s'", in.User, place, in.User, place)
	}
	for _, d := range in.Directories {
		if d.Mode&0o002 != 0 {
			f.add("%s (mode %o) can be written by everybody on the host: 'chmod o-w %s'", d.Path, d.Mode, d.Path)
		}
		for _, use := range in.Uses {
			if slices.Contains(use.Groups, d.Group) && d.Mode&0o020 != 0 && d.Path != p.Layout.State() {
				f.add("%s (mode %o) can be written by %s, whom %s runs as, through the group %s: 'chmod g-w %s'", d.Path, d.Mode, use.User, use.Unit, d.Group, d.Path)
			}
		}
	}
	f.readable(in, p)
}

// readable finds directories of releases that the unit's user cannot read.
func (f *found) readable(in script.Inspection, p Plan) {
	for _, d := range in.Directories {
		if d.Path == p.Layout.State() || d.Mode&0o005 == 0o005 {
			continue
		}
		for _, use := range in.Uses {
			if use.User == "" || use.User == d.Owner || use.Groups == nil {
				continue
			}
			if !slices.Contains(use.Groups, d.Group) || d.Mode&0o050 != 0o050 {
				f.add("%s (mode %o, %s:%s) cannot be read by %s, whom %s runs as: 'chgrp %s %s' and 'chmod 2750 %s'",
					d.Path, d.Mode, d.Owner, d.Group, use.User, use.Unit, use.Groups[0], d.Path, d.Path)
			} else if d.Mode&0o2000 == 0 {
				f.add("%s (mode %o) does not hand its group on to what is put there, and %s could not read it: 'chmod g+s %s'", d.Path, d.Mode, use.User, d.Path)
			}
		}
	}
}

// current refuses a state that a failed run could not restore.
func (f *found) current(in script.Inspection, p Plan) {
	current := path.Join(p.Layout.Base, "current")
	switch {
	case in.CurrentKind == "dir" || in.CurrentKind == "other":
		f.add("%s is not a link: move it away; Slipway makes it a link to the running release", current)
	case in.CurrentKind == "link" && in.Current.IsZero():
		f.add("%s leads to %q and not to a release in %s/releases: remove the link, or set deploy-to", current, in.CurrentTarget, p.Layout.Base)
	case in.CurrentKind == "link" && !slices.Contains(in.Releases, in.Current.ID):
		f.add("%s leads to release %s, which is not there: remove the link, or put the release back", current, in.Current.ID)
	case in.CurrentKind == "link" && in.Current.Env != "" && !slices.Contains(in.Activations, in.Current.Env):
		f.add("%s leads to %q, which is not there: remove the link, or put it back", current, in.CurrentTarget)
	case in.CurrentKind == "none" && in.Change == nil:
		for _, u := range in.Units {
			if u.Active == "active" {
				f.add("%s runs although there is no %s: its ExecStart must use that path, and what runs must be stopped first", u.Name, current)
			}
		}
	}
}

// record refuses a change record that a repair must not follow.
func (f *found) record(in script.Inspection, p Plan) {
	if err := (Seen{Inspection: in}).Impossible(); err != nil {
		f.add("%w: see what runs, let %s/current lead to it, and remove %s/change", err, p.Layout.Base, p.Layout.State())
	}
}

func (f *found) units(in script.Inspection, p Plan) {
	base := p.Layout.Base
	for _, u := range in.Units {
		if u.Load != "loaded" {
			f.add("there is no unit %s (systemd says %s): run the setup phase, or set units", u.Name, u.Load)
		}
	}
	for _, use := range in.Uses {
		loaded := slices.ContainsFunc(in.Units, func(u script.Unit) bool { return u.Name == use.Unit && u.Load == "loaded" })
		switch {
		case !loaded:
		case use.How == "other":
			f.add("the ExecStart of %s uses neither %s/current/ nor %s/launch: what it starts would never change", use.Unit, base, base)
		case use.How == "current" && p.delivers(in):
			f.add("%s would not see the environment: its ExecStart must be '%s/launch bin/NAME start' for that", use.Unit, base)
		}
	}
}

func (f *found) migrate(in script.Inspection, p Plan) {
	switch in.Migrate {
	case "missing":
		f.add("there is no unit %s: run the setup phase with slipway_migrate_command, or leave migrate off", p.Migrate)
	case "other":
		f.add("the ExecStart of %s must begin with '%s/launch --next': it would migrate with another release's code", p.Migrate, p.Layout.Base)
	}
}

// rules refuses a host on which sudo does not allow what a change needs. The last
// finding has sudo's own words.
func (f *found) rules(in script.Inspection) {
	before := len(*f)
	for _, command := range in.AsksPassword {
		if !isLog(command) {
			f.add("sudo asks %s for a password for '%s': put NOPASSWD: before exactly that command in sudoers, and let no later rule match it", in.User, command)
		}
	}
	for _, command := range in.NotAllowed {
		if !isLog(command) {
			f.add("%s may not run 'sudo %s': add 'NOPASSWD: %s' to its rules in sudoers", in.User, command, command)
		}
	}
	if n := len(*f); n > before && in.SudoSaid != "" {
		(*f)[n-1] = fmt.Errorf("%w. 'sudo -n -l' says: %s", (*f)[n-1], in.SudoSaid)
	}
	if needed := slices.DeleteFunc(slices.Clone(in.Unread), isLog); len(needed) > 0 {
		f.add("%s: %s. %s must be allowed to run, with NOPASSWD: %s", unreadRules(in), listRemedy(in), in.User, strings.Join(needed, ", "))
	}
}

// unreadRules says that sudo shows no list, in its own words.
func unreadRules(in script.Inspection) string {
	said := in.SudoSaid
	if said == "" {
		said = "nothing"
	}
	return fmt.Sprintf("sudo shows %s no rules ('sudo -n -l' says: %s)", in.User, said)
}

// listRemedy says how sudo can be made to show its list.
func listRemedy(in script.Inspection) string {
	switch said := in.SudoSaid; {
	case strings.Contains(said, "must have a tty"):
		return fmt.Sprintf("put 'Defaults:%s !requiretty' into sudoers", in.User)
	case strings.Contains(said, "password is required"), strings.Contains(said, "authentication is required"):
		return fmt.Sprintf("no rule has NOPASSWD, or sudoers has listpw=always or listpw=all: run the setup phase or add the rules, and 'Defaults:%s listpw=any' if it needs that", in.User)
	}
	return "run 'sudo -n -l' there as " + in.User + ", and 'visudo -c' as root"
}

func isLog(command string) bool { return strings.Contains(command, "journalctl") }

// fit refuses a release that cannot run on this host.
func (f *found) fit(in script.Inspection, n needs) {
	m := n.manifest
	if in.OS != m.OS || in.Arch != m.Arch {
		f.add("the release was built for %s %s, and this host is %s %s: build on a server of the same kind", m.OS, m.Arch, in.OS, in.Arch)
		return
	}
	switch {
	case n.glibc == "":
	case in.Glibc == "":
		f.add("the release needs glibc %s, and this host has another C library: build on a server of the same kind", n.glibc)
	case release.OlderGlibc(in.Glibc, n.glibc):
		f.add("the release needs glibc %s, and this host has %s: build on a server whose system is as old as this one's, or upgrade this one", n.glibc, in.Glibc)
	}
	if len(in.NoLibrary) > 0 {
		f.add("the release needs shared libraries that this host does not have: %s: install their packages", strings.Join(in.NoLibrary, ", "))
	}
}

// contents refuses a release if this host has, or had, another one with the same ID.
// Releases of an earlier Slipway have no digest in the history.
func (f *found) contents(in script.Inspection, n needs) {
	id := n.manifest.ReleaseID
	if slices.Contains(in.Releases, id) && in.Digest != "" && in.Digest != n.digest {
		f.differs("release %s is on this host with other contents (digest %s, and %s is to be deployed): another build server or user has built it; build again", id, in.Digest.Short(), n.digest.Short())
	} else if c, live := in.History.Find(id); live && c.Digest != "" && c.Digest != n.digest {
		f.differs("release %s was live on this host with other contents (digest %s, and %s is to be deployed): another build server or user has built it; build again", id, c.Digest.Short(), n.digest.Short())
	}
}

func (f *found) differs(format string, args ...any) {
	*f = append(*f, Of(Differs, fmt.Errorf(format, args...)))
}

// room refuses a release that would leave no room for another one.
func (f *found) room(in script.Inspection, m release.Manifest) {
	const reserve = 64 << 10 // KiB that a server needs to keep working
	if slices.Contains(in.Releases, m.ReleaseID) {
		return
	}
	if need := 2*m.Size()/1024 + reserve; in.FreeKiB < need {
		f.add("%d MiB are free where the release goes, and %d are needed for it and one more: remove what is not needed, or lower keep-releases", in.FreeKiB>>10, need>>10)
	}
	if need := 2*int64(len(m.Files)) + 100; in.FreeInodes > 0 && in.FreeInodes < need {
		f.add("%d inodes are free where the release goes, and %d are needed for it and one more: remove files", in.FreeInodes, need)
	}
}
