package script

import (
	"context"
	"strconv"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Look says what an inspection covers.
type Look struct {
	Units     []string
	Ports     []int // to look at
	Restart   Restart
	Libraries []string   // sonames that the release needs on the host
	Sizes     bool       // also measure the releases, which takes longer
	Staged    release.ID // read the note of this staged release; empty: none
	Digest    release.ID // compute the digest of this release; empty: of none
	Migrate   string     // unit for migrations; empty: none will be started
	Stamp     string     // file in which the setup phase records what it made
	// About has release IDs and revisions that will be looked up in the history,
	// besides the releases on the host. The host then sends all that matters.
	About []string
	Whole bool // read the whole history, however long it is
}

// Inspection is everything that a plan needs to know about a host.
type Inspection struct {
	Service
	Turn          Turn
	Now           int64    // the host's own clock, in seconds
	OS, Arch      string   // as uname prints them
	Glibc         string   // such as 2.36; empty: another libc
	User          string   // Slipway's user on the host
	Missing       []string // missing programs that Slipway needs
	NoLibrary     []string
	Hidden        bool   // other users' processes are hidden
	BaseKind      string // none, dir, link or other
	CurrentKind   string
	CurrentTarget string // target of the link
	Directories   []Directory
	NoDirectory   []string
	Unwritable    []string
	ReadOnly      string // mount point, if the application is on a read-only file system
	FreeKiB       int64
	FreeInodes    int64 // 0 on file systems without a fixed number
	Uses          []Use
	NotAllowed    []string // commands that the user may not run with sudo
	AsksPassword  []string // commands for which sudo asks for a password
	Unread        []string // commands of which it is not known whether they may run: sudo shows no list
	SudoSaid      string   // sudo's own words, if it does not allow everything
	Migrate       string   // state of the unit for migrations: ready, other (it does not start next), missing
	Drift         []string // differences from what the setup phase made
	Releases      []release.ID
	Sizes         map[release.ID]int64 // KiB on disk, if asked for
	Activations   []string             // keys
	Leftovers     []string             // files of runs that died
	Change        *release.Change      // the change record of a run that died
	History       release.History
	Older         int            // number of changes before those in History
	Staged        string         // the requested note as it is on the host; empty: none
	Digest        release.Digest // of the requested release; empty: the host has no manifest of it
	CurrentDigest release.Digest // of the current release, as the history records it; empty: none, or the host has no manifest of it
	Zstd          bool           // the host has zstd
	hasManifest   bool           // of the current release
}

// Turn counts how often a host's lock was taken. Two answers of a host belong
// together if nobody has had the lock between them.
type Turn struct {
	Count int
	Free  bool // nobody had the lock
}

// Leads reports whether what was seen at this turn is still so for who took the
// lock with the turn lock: nobody else had it in between.
func (t Turn) Leads(lock int) bool { return t.Count == lock || t.Free && t.Count == lock-1 }

func parseTurn(s string) Turn {
	count, state, _ := strings.Cut(s, " ")
	n, _ := strconv.Atoi(count) // none before the first lock
	return Turn{n, state == "free"}
}

// Directory is one of the application's directories.
type Directory struct {
	Path, Owner, Group string
	Mode               uint32 // permission bits with set group ID
}

// Use says what a unit starts, and as which user.
type Use struct {
	Unit, User string   // User is empty for root
	Groups     []string // of that user
	How        string   // current, launch or other
}

// Inspect looks at a host and changes nothing.
func (h Host) Inspect(ctx context.Context, l Look) (Inspection, error) {
	var in Inspection
	var history []string
	err := h.logged(ctx, call{
		script: "inspect",
		args: args{
			{"base", h.Layout.Base},
			{"units", strings.Join(l.Units, " ")},
			{"ports", words(l.Ports)},
			{"restart", l.Restart.way()},
			{"flag", l.Restart.Flag},
			{"libraries", strings.Join(l.Libraries, " ")},
			{"sizes", yes(l.Sizes)},
			{"staged", string(l.Staged)},
			{"digest", string(l.Digest)},
			{"migrate", l.Migrate},
			{"setup", l.Stamp},
			{"recent", l.recent()},
			{"about", strings.Join(l.About, " ")},
		},
		onFact: func(key, value string) {
			if key == "history" {
				history = append(history, value)
			} else if !in.machine(key, value) && !in.sudo(key, value) && !in.place(key, value) && !in.use(key, value) {
				in.Service.fact(key, value)
			}
		},
	})
	in.History = release.ParseHistory(history)
	in.CurrentDigest = in.recordedDigest()
	return in, err
}

// recordedDigest returns the digest of the current release that the history records. It
// returns "" if there is none, or no manifest. The host's manifest may be damaged and
// have another digest. That is safe: [Host.Manifest] compares what it reads with the
// digest, and the host compares each release that it makes with the new release's own
// digest. If they differ, everything is sent.
func (in *Inspection) recordedDigest() release.Digest {
	if !in.hasManifest {
		return ""
	}
	made, _ := in.History.Find(in.Current.ID)
	return made.Digest
}

// recentChanges is how many changes of a long history are read. More are needed only
// if they are asked for, or if [release.History.Suffices] says so.
const recentChanges = 200

func (l Look) recent() string {
	if l.Whole {
		return ""
	}
	return strconv.Itoa(recentChanges)
}

// machine takes a fact about the machine.
func (in *Inspection) machine(key, value string) bool {
	switch key {
	case "turn":
		in.Turn = parseTurn(value)
	case "now":
		in.Now, _ = strconv.ParseInt(value, 10, 64) // date +%s
	case "os":
		in.OS = value
	case "arch":
		in.Arch = value
	case "user":
		in.User = value
	case "glibc":
		in.Glibc = value
	case "no_tool":
		in.Missing = append(in.Missing, value)
	case "zstd":
		in.Zstd = true
	case "hidden":
		in.Hidden = true
	case "no_library":
		in.NoLibrary = append(in.NoLibrary, value)
	case "free_kib":
		in.FreeKiB, _ = strconv.ParseInt(value, 10, 64) // df -P
	case "free_inodes":
		in.FreeInodes, _ = strconv.ParseInt(value, 10, 64) // "-" without a fixed number
	case "read_only":
		in.ReadOnly = value
	case "migrate":
		in.Migrate = value
	case "drift":
		in.Drift = append(in.Drift, value)
	default:
		return false
	}
	return true
}

// sudo takes a fact about what sudo allows.
func (in *Inspection) sudo(key, value string) bool {
	switch key {
	case "sudo_no":
		in.NotAllowed = append(in.NotAllowed, value)
	case "sudo_password":
		in.AsksPassword = append(in.AsksPassword, value)
	case "sudo_unread":
		in.Unread = append(in.Unread, value)
	case "sudo_said":
		in.SudoSaid = value
	default:
		return false
	}
	return true
}

// place takes a fact about the application's directory.
func (in *Inspection) place(key, value string) bool {
	switch key {
	case "base":
		in.BaseKind = value
	case "current_kind":
		in.CurrentKind = value
	case "current_target":
		in.CurrentTarget = value
	case "directory":
		in.directory(value)
	case "no_directory":
		in.NoDirectory = append(in.NoDirectory, value)
	case "unwritable":
		in.Unwritable = append(in.Unwritable, value)
	case "release":
		if id, err := release.ParseID(value); err == nil {
			in.Releases = append(in.Releases, id)
		}
	case "size":
		in.size(value)
	case "activation":
		if release.ValidKey(value) {
			in.Activations = append(in.Activations, value)
		}
	case "staged":
		in.Staged = value
	case "digest":
		in.Digest, _ = release.ParseDigest(value) // empty if the manifest cannot be read: the log has the reason
	case "current_manifest":
		in.hasManifest = true
	case "older":
		in.Older, _ = strconv.Atoi(value) // a number, from wc
	case "leftover":
		in.Leftovers = append(in.Leftovers, value)
	case "change":
		if record := release.ParseHistory([]string{value}); len(record) == 1 {
			in.Change = &record[0]
		}
	default:
		return false
	}
	return true
}

// directory reads "MODE OWNER GROUP PATH" as stat prints it.
func (in *Inspection) directory(value string) {
	part := strings.SplitN(value, " ", 4)
	if len(part) < 4 {
		return
	}
	mode, err := strconv.ParseUint(part[0], 8, 32)
	if err == nil {
		in.Directories = append(in.Directories, Directory{Path: part[3], Owner: part[1], Group: part[2], Mode: uint32(mode)})
	}
}

// size takes the size of the release in the last fact.
func (in *Inspection) size(value string) {
	kib, err := strconv.ParseInt(value, 10, 64)
	if n := len(in.Releases); err == nil && n > 0 {
		if in.Sizes == nil {
			in.Sizes = map[release.ID]int64{}
		}
		in.Sizes[in.Releases[n-1]] = kib
	}
}

// use takes a fact about what a unit starts. It belongs to the unit in the last
// fact.
func (in *Inspection) use(key, value string) bool {
	n := len(in.Uses)
	switch {
	case key == "unit_user" && len(in.Units) > 0:
		in.Uses = append(in.Uses, Use{Unit: in.Units[len(in.Units)-1].Name, User: value})
	case key == "unit_groups" && n > 0:
		in.Uses[n-1].Groups = strings.Fields(value)
	case key == "unit_uses" && n > 0:
		in.Uses[n-1].How = value
	default:
		return false
	}
	return true
}
