package host

import (
	"errors"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

const (
	id1 = release.ID("20240101T000000")
	id2 = release.ID("20240102T000000")
)

var plan = Plan{
	Layout:  release.Layout{Base: "/opt/apxr/apxr_io"},
	Service: config.Service{Units: []string{"apxr_io.service"}, Migrate: "apxr_io-migrate.service"},
}

// good returns a host on which a deploy would work.
func good() script.Inspection {
	return script.Inspection{
		Service: script.Service{
			Units:   []script.Unit{{Name: "apxr_io.service", Load: "loaded", Active: "active", Running: id1}},
			Current: release.Activation{ID: id1},
		},
		OS: "Linux", Arch: "x86_64", Glibc: "2.36", User: "deploy",
		BaseKind: "dir", CurrentKind: "link", CurrentTarget: "releases/" + string(id1),
		Directories: []script.Directory{
			{Path: "/opt/apxr/apxr_io", Owner: "deploy", Group: "apxr_io", Mode: 0o2750},
			{Path: "/opt/apxr/apxr_io/releases", Owner: "deploy", Group: "apxr_io", Mode: 0o2750},
			{Path: "/opt/apxr/apxr_io/.slipway", Owner: "deploy", Group: "deploy", Mode: 0o700},
		},
		Uses:    []script.Use{{Unit: "apxr_io.service", User: "apxr_io", Groups: []string{"apxr_io"}, How: "launch"}},
		FreeKiB: 1 << 20, FreeInodes: 10_000,
		Releases: []release.ID{id1},
	}
}

var (
	digest1 = release.Digest(strings.Repeat("a", 64))
	digest2 = release.Digest(strings.Repeat("b", 64))
)

// was returns a history in which a release with a digest was live.
func was(d release.Digest) release.History {
	return release.History{{Verb: release.Deploy, To: id2, Digest: d, Outcome: release.Live}}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	const key = "20240101T000000.000000000"
	deliver := plan
	deliver.Env = &config.Env{Variables: []config.Variable{{Name: "A", Value: "1"}}}
	for name, c := range map[string]struct {
		spoil func(*script.Inspection)
		plan  *Plan
		say   []string // empty: no finding
	}{
		"a good host":                        {},
		"no unit for migrations":             {spoil: func(in *script.Inspection) { in.Migrate = "missing" }, say: []string{"there is no unit apxr_io-migrate.service: run the setup phase with slipway_migrate_command"}},
		"a unit that migrates with old code": {spoil: func(in *script.Inspection) { in.Migrate = "other" }, say: []string{"apxr_io-migrate.service must begin with '/opt/apxr/apxr_io/launch --next'"}},
		"never deployed": {spoil: func(in *script.Inspection) {
			in.CurrentKind, in.Current, in.Units[0].Active, in.Units[0].Running = "none", release.Activation{}, "inactive", ""
			in.NoDirectory = []string{"/opt/apxr/apxr_io/.slipway"}
		}},
		"no directory": {spoil: func(in *script.Inspection) { in.BaseKind = "none" }, say: []string{"/opt/apxr/apxr_io is not there: run the setup phase"}},
		"no releases":  {spoil: func(in *script.Inspection) { in.NoDirectory = []string{"/opt/apxr/apxr_io/releases"} }, say: []string{"/opt/apxr/apxr_io/releases is not there"}},
		"no state, cannot make it": {spoil: func(in *script.Inspection) {
			in.NoDirectory, in.Unwritable = []string{"/opt/apxr/apxr_io/.slipway"}, []string{"/opt/apxr/apxr_io"}
		}, say: []string{".slipway is not there", "deploy cannot write /opt/apxr/apxr_io:"}},
		"not writable":                        {spoil: func(in *script.Inspection) { in.Unwritable = []string{"/opt/apxr/apxr_io/releases"} }, say: []string{"deploy cannot write /opt/apxr/apxr_io/releases: run the setup phase"}},
		"read-only":                           {spoil: func(in *script.Inspection) { in.ReadOnly, in.Unwritable = "/opt", []string{"/opt/apxr/apxr_io"} }, say: []string{"mounted read-only (/opt)"}},
		"writable by all":                     {spoil: func(in *script.Inspection) { in.Directories[1].Mode = 0o2757 }, say: []string{"/opt/apxr/apxr_io/releases (mode 2757) can be written by everybody"}},
		"writable by the app":                 {spoil: func(in *script.Inspection) { in.Directories[0].Mode = 0o2770 }, say: []string{"/opt/apxr/apxr_io (mode 2770) can be written by apxr_io"}},
		"another group":                       {spoil: func(in *script.Inspection) { in.Directories[1].Group = "deploy" }, say: []string{"cannot be read by apxr_io"}},
		"a group that is not handed on":       {spoil: func(in *script.Inspection) { in.Directories[1].Mode = 0o750 }, say: []string{"'chmod g+s /opt/apxr/apxr_io/releases'"}},
		"readable by all":                     {spoil: func(in *script.Inspection) { in.Directories[1].Group, in.Directories[1].Mode = "deploy", 0o755 }},
		"a missing program":                   {spoil: func(in *script.Inspection) { in.Missing = []string{"flock", "curl"} }, say: []string{"flock: not installed"}},
		"hidden processes":                    {spoil: func(in *script.Inspection) { in.Hidden = true }, say: []string{"/proc hides the processes of other users from deploy (hidepid)"}},
		"no curl":                             {spoil: func(in *script.Inspection) { in.Missing = []string{"curl"} }},
		"no unit":                             {spoil: func(in *script.Inspection) { in.Units[0].Load = "not-found"; in.Uses[0].How = "other" }, say: []string{"there is no unit apxr_io.service (systemd says not-found)"}},
		"a unit of its own":                   {spoil: func(in *script.Inspection) { in.Uses[0].How = "other" }, say: []string{"uses neither /opt/apxr/apxr_io/current/ nor /opt/apxr/apxr_io/launch"}},
		"without the launcher":                {spoil: func(in *script.Inspection) { in.Uses[0].How = "current" }},
		"an environment without the launcher": {spoil: func(in *script.Inspection) { in.Uses[0].How = "current" }, plan: &deliver, say: []string{"would not see the environment"}},
		"no sudo rules": {spoil: func(in *script.Inspection) {
			in.NotAllowed = []string{"/usr/bin/systemctl restart apxr_io.service", "/usr/bin/journalctl --unit=apxr_io.service"}
		}, say: []string{"deploy may not run 'sudo /usr/bin/systemctl restart apxr_io.service'"}},
		"sudo asks": {spoil: func(in *script.Inspection) { in.AsksPassword = []string{"/usr/bin/systemctl stop apxr_io.service"} }, say: []string{"sudo asks deploy for a password for '/usr/bin/systemctl stop apxr_io.service'"}},
		"sudo's words": {spoil: func(in *script.Inspection) {
			in.NotAllowed, in.SudoSaid = []string{"/usr/bin/systemctl stop a.service"}, "(root) NOPASSWD: /usr/bin/id"
		}, say: []string{"add 'NOPASSWD: /usr/bin/systemctl stop a.service' to its rules in sudoers. 'sudo -n -l' says: (root) NOPASSWD: /usr/bin/id"}},
		"a list with a password": {spoil: func(in *script.Inspection) {
			in.Unread, in.SudoSaid = []string{"/usr/bin/systemctl stop a.service", "/usr/bin/journalctl --unit=a.service"}, "sudo: a password is required"
		}, say: []string{"sudo shows deploy no rules ('sudo -n -l' says: sudo: a password is required): no rule has NOPASSWD, or sudoers has listpw=always or listpw=all: run the setup phase or add the rules, and 'Defaults:deploy listpw=any' if it needs that. deploy must be allowed to run, with NOPASSWD: /usr/bin/systemctl stop a.service"}},
		"a list with a terminal": {spoil: func(in *script.Inspection) {
			in.Unread, in.SudoSaid = []string{"/usr/bin/systemctl stop a.service"}, "sudo: sorry, you must have a tty to run sudo"
		}, say: []string{"put 'Defaults:deploy !requiretty' into sudoers"}},
		"no list for the log alone": {spoil: func(in *script.Inspection) { in.Unread = []string{"/usr/bin/journalctl --unit=a.service"} }},
		"a user without groups":     {spoil: func(in *script.Inspection) { in.Uses[0].Groups, in.Directories[1].Mode = nil, 0o2700 }},
		"current a directory":       {spoil: func(in *script.Inspection) { in.CurrentKind = "dir" }, say: []string{"/opt/apxr/apxr_io/current is not a link"}},
		"current elsewhere":         {spoil: func(in *script.Inspection) { in.Current, in.CurrentTarget = release.Activation{}, "/srv" }, say: []string{`leads to "/srv" and not to a release`}},
		"current dangling":          {spoil: func(in *script.Inspection) { in.Releases = nil }, say: []string{"leads to release 20240101T000000, which is not there"}},
		"its environment is gone":   {spoil: func(in *script.Inspection) { in.Current.Env, in.CurrentTarget = key, "activations/"+key+"/release" }, say: []string{"which is not there"}},
		"a foreign service": {
			spoil: func(in *script.Inspection) {
				in.CurrentKind, in.Current, in.Units[0].Running = "none", release.Activation{}, ""
			},
			say: []string{"apxr_io.service runs although there is no /opt/apxr/apxr_io/current"},
		},
		"a change record that cannot be true": {
			spoil: func(in *script.Inspection) {
				in.History = release.History{{Key: "1", Verb: release.Deploy, To: id1, Outcome: release.Live}}
				in.Change = &release.Change{Key: "2", Verb: release.Deploy, From: id2, To: "20240103T000000"}
			},
			say: []string{"the change record says that " + string(id2) + " was current before a change to 20240103T000000, and the history says " + string(id1) +
				": see what runs, let /opt/apxr/apxr_io/current lead to it, and remove /opt/apxr/apxr_io/.slipway/change"},
		},
		"a change record of a run that died": {spoil: func(in *script.Inspection) {
			in.History = release.History{{Key: "1", Verb: release.Deploy, To: id1, Outcome: release.Live}}
			in.Change = &release.Change{Key: "2", Verb: release.Deploy, From: id1, To: id2}
		}},
		"a change record that was concluded": {spoil: func(in *script.Inspection) {
			in.History = release.History{{Key: "1", Verb: release.Deploy, To: id2, Outcome: release.Live}, {Key: "2", Verb: release.Rollback, From: id2, To: id1, Outcome: release.Live}}
			in.Change = &release.Change{Key: "2", Verb: release.Rollback, From: id2, To: id1}
		}},
		"several": {
			spoil: func(in *script.Inspection) { in.Units[0].Load, in.CurrentKind = "masked", "other" },
			say:   []string{"is not a link", "there is no unit"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, p := good(), &plan
			if c.spoil != nil {
				c.spoil(&in)
			}
			if c.plan != nil {
				p = c.plan
			}
			says(t, findings(in, *p, needs{}), c.say)
		})
	}
}

func TestFindingsAboutTheRelease(t *testing.T) {
	t.Parallel()
	m := release.Manifest{ReleaseID: id2, OS: "Linux", Arch: "x86_64", Files: []release.File{{Size: 100 << 20, Kind: release.Regular, Glibc: "2.34"}, {Size: 28 << 20}}}
	for name, c := range map[string]struct {
		spoil func(*script.Inspection)
		say   []string
	}{
		"it fits":                    {func(*script.Inspection) {}, nil},
		"another architecture":       {func(in *script.Inspection) { in.Arch, in.Glibc = "aarch64", "2.30" }, []string{"built for Linux x86_64, and this host is Linux aarch64"}},
		"an older glibc":             {func(in *script.Inspection) { in.Glibc = "2.31" }, []string{"needs glibc 2.34, and this host has 2.31"}},
		"exactly that glibc":         {func(in *script.Inspection) { in.Glibc = "2.34" }, nil},
		"a glibc above 2.9":          {func(in *script.Inspection) { in.Glibc = "2.9" }, []string{"needs glibc 2.34, and this host has 2.9"}},
		"another C library":          {func(in *script.Inspection) { in.Glibc = "" }, []string{"has another C library"}},
		"a missing library":          {func(in *script.Inspection) { in.NoLibrary = []string{"libcrypto.so.3"} }, []string{"does not have: libcrypto.so.3"}},
		"too little disk":            {func(in *script.Inspection) { in.FreeKiB = 319 << 10 }, []string{"319 MiB are free where the release goes, and 320 are needed for it and one more"}},
		"just enough disk":           {func(in *script.Inspection) { in.FreeKiB = 320 << 10 }, nil},
		"too few inodes":             {func(in *script.Inspection) { in.FreeInodes = 103 }, []string{"103 inodes are free where the release goes, and 104 are needed"}},
		"a file system without them": {func(in *script.Inspection) { in.FreeInodes = 0 }, nil},
		"it is there with a digest":  {func(in *script.Inspection) { in.Releases, in.Digest = []release.ID{id1, id2}, digest1 }, nil},
		"another one is there": {func(in *script.Inspection) { in.Releases, in.Digest = []release.ID{id1, id2}, digest2 }, []string{
			"release " + string(id2) + " is on this host with other contents (digest bbbbbbbbbbbb, and aaaaaaaaaaaa is to be deployed): another build server or user has built it; build again",
		}},
		"the lists of one that was removed": {func(in *script.Inspection) { in.Digest = digest2 }, nil},
		"another one was live":              {func(in *script.Inspection) { in.History = was(digest2) }, []string{"was live on this host with other contents (digest bbbbbbbbbbbb"}},
		"it was live":                       {func(in *script.Inspection) { in.History = was(digest1) }, nil},
		"it was live, without a digest":     {func(in *script.Inspection) { in.History = was("") }, nil},
		"it is there already":               {func(in *script.Inspection) { in.FreeKiB, in.Releases = 0, []release.ID{id1, id2} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := good()
			c.spoil(&in)
			n, err := needsOf(Question{Release: &m})
			if err != nil {
				t.Fatal(err)
			}
			n.digest = digest1
			says(t, findings(in, plan, n), c.say)
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	in := good()
	if w := (Seen{Inspection: in}).Warnings(release.App{Org: "apxr", Name: "apxr_io"}); len(w) > 0 {
		t.Errorf("%q", w)
	}
	in.Drift = []string{"/etc/x has been changed", "y.service is disabled, not enabled"}
	in.NotAllowed = []string{"/usr/bin/journalctl --unit=apxr_io.service"}
	in.Uses = append(in.Uses, script.Use{Unit: "a.service"}, script.Use{Unit: "b.service", User: "deploy"}, script.Use{Unit: "c.service", User: "dynamic"})
	w := strings.Join((Seen{Inspection: in}).Warnings(release.App{Org: "apxr", Name: "apxr_io"}), "\n")
	for _, want := range []string{
		"/etc/x has been changed; y.service is disabled, not enabled; 'slipway setup --app apxr/apxr_io' with this host mends it",
		"a.service runs as root", "b.service runs as deploy", "c.service runs as dynamic, of whom 'id -Gn dynamic' says nothing here", "could not show the unit log",
	} {
		if !strings.Contains(w, want) {
			t.Errorf("%q does not say %q", w, want)
		}
	}
}

// says checks that there is one error for each text, in this order.
func says(t *testing.T, errs []error, want []string) {
	t.Helper()
	if len(errs) != len(want) {
		t.Fatalf("%d findings, want %d: %v", len(errs), len(want), errors.Join(errs...))
	}
	for i, err := range errs {
		if !strings.Contains(err.Error(), want[i]) {
			t.Errorf("%q does not say %q", err, want[i])
		}
	}
}
