package script

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

func TestInspectAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Layout.Base = t.TempDir()
	in := s.inspect()
	uname, err := exec.Command("uname", "-sm").Output()
	must(t, err)
	if in.OS+" "+in.Arch != strings.TrimSpace(string(uname)) || in.User == "" || in.FreeKiB == 0 || in.Now == 0 {
		t.Errorf("%+v", in)
	}
	if in.BaseKind != "dir" || in.CurrentKind != "none" || !in.Current.IsZero() || in.Running() != "" || in.Change != nil || in.ReadOnly != "" || in.Hidden ||
		len(in.Releases)+len(in.Leftovers)+len(in.History)+len(in.NotAllowed)+len(in.AsksPassword)+len(in.Unwritable)+len(in.NoLibrary) > 0 {
		t.Errorf("%+v", in)
	}
	if want := []string{s.path("releases"), s.path(".slipway")}; !slices.Equal(in.NoDirectory, want) {
		t.Errorf("not there: %q, want %q", in.NoDirectory, want)
	}
	if left := s.entries(); len(left) > 0 {
		t.Errorf("looking made %q", left)
	}
	s.Layout.Base += "/none"
	if in := s.inspect(); in.BaseKind != "none" || in.FreeKiB == 0 {
		t.Errorf("%+v", in)
	}
}

// full makes a site that has something of everything, and returns the process that
// its unit runs.
func full(t *testing.T) (s *site, pid int) {
	s = newSite(t)
	first, err := record("1").JSON()
	must(t, err)
	second, err := record("2").JSON()
	must(t, err)
	s.write("{torn\n"+first+"\n"+second, ".slipway", "history.jsonl") // the line break of the last line is missing
	s.write(second+"\n", ".slipway", "change")
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	s.write("x", "releases", string(r3)+".part", "f")
	s.write("x", "releases", "lost+found", "f")
	s.write("x", "activations", key1, "environment")
	must(t, os.Symlink("../../releases/"+string(r2), s.path("activations", key1, "release")))
	must(t, os.Symlink("activations/"+key1+"/release", s.path("current")))
	must(t, os.Chmod(s.path("releases"), os.ModeSetgid|0o750))
	pid = s.process(s.path("releases", string(r1), "erts/bin/beam")).Process.Pid
	for name, value := range map[string]string{
		"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Result": "success", "NRestarts": "3", "MainPID": strconv.Itoa(pid),
		"InvocationID": "abc", "User": "root", "ExecStart": "{ path=" + s.Base + "/launch ; argv[]=" + s.Base + "/launch bin/app start ; }",
	} {
		s.write(value+"\n", name)
	}
	return s, pid
}

func TestInspectComputesTheDigestOfOneRelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const manifest = "{\n \"a release\": true\n}\n"
	s.write(manifest, ".slipway", "releases", string(r1), "manifest.json")
	for id, want := range map[release.ID]release.Digest{r1: release.DigestOf([]byte(manifest)), r2: "", "": ""} {
		in, err := s.host(nil).Inspect(t.Context(), Look{Units: []string{unit}, Digest: id})
		must(t, err)
		if in.Digest != want {
			t.Errorf("of %q: %q, want %q", id, in.Digest, want)
		}
	}
}

func TestInspectSeesEverything(t *testing.T) {
	t.Parallel()
	s, pid := full(t)
	look := s.look()
	look.Sizes, look.Libraries = true, []string{"libc.so.6", "libnone.so.1"}
	in, err := s.host(nil).Inspect(t.Context(), look)
	must(t, err)
	want := Unit{Name: unit, Load: "loaded", Active: "active", Sub: "running", Result: "success", Restarts: 3, PID: pid, Invocation: "abc", Running: r1}
	if !slices.Equal(in.Units, []Unit{want}) || in.CurrentKind != "link" || in.CurrentTarget != "activations/"+key1+"/release" || in.Current != (release.Activation{ID: r2, Env: key1}) {
		t.Errorf("got  %+v, %s -> %v", in.Units, in.CurrentTarget, in.Current)
	}
	if len(in.Uses) != 1 || in.Uses[0].How != "launch" || in.Uses[0].User != "root" || !slices.Contains(in.Uses[0].Groups, "root") {
		t.Errorf("%+v", in.Uses)
	}
	if !slices.Equal(in.Releases, []release.ID{r1, r2}) || !slices.Equal(in.Leftovers, []string{"releases/" + string(r3) + ".part"}) ||
		!slices.Equal(in.Activations, []string{key1}) || in.Sizes[r1] == 0 || !slices.Equal(in.NoLibrary, []string{"libnone.so.1"}) {
		t.Errorf("%+v", in)
	}
	if i := slices.IndexFunc(in.Directories, func(d Directory) bool { return d.Path == s.path("releases") }); i < 0 || in.Directories[i].Mode != 0o2750 || in.Directories[i].Owner == "" || in.Directories[i].Group == "" {
		t.Errorf("%+v", in.Directories)
	}
	if len(in.History) != 2 || in.History[1] != record("2") || in.Change == nil || *in.Change != record("2") {
		t.Errorf("history %+v, change %+v", in.History, in.Change)
	}
	probed, err := s.host(nil).Probe(t.Context(), []string{unit}, nil)
	if err != nil || !slices.Equal(probed.Units, in.Units) || probed.Current != in.Current {
		t.Errorf("%+v, %v", probed, err)
	}
}

// The application's directory, or one above it, may be a link to another disk.
// A release's start script then has another path.
func TestADirectoryMayBeALink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Chmod(s.Base, os.ModeSetgid|0o750))
	elsewhere := filepath.Join(filepath.Dir(s.home), "disk/app")
	must(t, os.MkdirAll(filepath.Dir(elsewhere), 0o755))
	must(t, os.Rename(s.Base, elsewhere))
	must(t, os.Symlink(elsewhere, s.Base))
	pid := s.process(filepath.Join(elsewhere, "releases", string(r1), "erts/bin/beam")).Process.Pid
	s.write(strconv.Itoa(pid)+"\n", "MainPID")

	in := s.inspect()
	if in.BaseKind != "link" || in.Running() != r1 {
		t.Errorf("the base is a %s, and %q runs", in.BaseKind, in.Running())
	}
	if i := slices.IndexFunc(in.Directories, func(d Directory) bool { return d.Path == s.Base }); i < 0 || in.Directories[i].Mode != 0o2750 {
		t.Errorf("%+v", in.Directories)
	}
	pruned, err := s.host(nil).Prune(t.Context(), []release.ID{r1, r2}, nil)
	must(t, err)
	if !slices.Equal(pruned.Removed, []release.ID{r2}) || !slices.Equal(pruned.InUse, []release.ID{r1}) {
		t.Errorf("%+v", pruned)
	}
}

func TestInspectSeesTheFileSystemOfTheReleases(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "ro,size=1m,nr_inodes=50", "tmpfs", s.path("releases")).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: %s", err, out)
		}
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { must(t, exec.Command("umount", s.path("releases")).Run()) })
	in := s.inspect()
	if in.FreeKiB != 1024 || in.FreeInodes == 0 || in.FreeInodes >= 50 || in.ReadOnly != s.path("releases") {
		t.Errorf("%d KiB and %d inodes are free, read-only is %q", in.FreeKiB, in.FreeInodes, in.ReadOnly)
	}
}

func TestInspectSeesWhatAUnitStarts(t *testing.T) {
	t.Parallel()
	for start, want := range map[string]string{
		"BASE/launch bin/app start": "launch", "BASE/current/bin/app start": "current", "BASE/releases/x/bin/app start": "other",
		"/usr/bin/env": "other", "BASE/launcher x": "other", "BASE/current": "other",
	} {
		s := newSite(t)
		start = strings.ReplaceAll(start, "BASE", s.Base)
		s.write("{ path=x ; argv[]="+start+" ; ignore_errors=no }\n", "ExecStart")
		if in := s.inspect(); len(in.Uses) != 1 || in.Uses[0].How != want {
			t.Errorf("%s: %+v, want %s", start, in.Uses, want)
		}
	}
}

func TestInspectSeesThatProcessesAreHidden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.edit = strings.NewReplacer("/proc/1/cmdline", "/proc/0/cmdline").Replace
	if !s.inspect().Hidden {
		t.Error("it does not say so")
	}
}

func TestProbeSeesListeningPorts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("cat", fmt.Sprintf(`case "$*" in /proc/net/tcp*) printf '%%s\n' '0: 0100007F:0FA1 00000000:0000 0A' '1: 0100007F:0FA2 0100007F:9999 01' '2: 00000000000000000000000000000000:0FA3 0:0 0A';; *) exec %s "$@";; esac`, "/bin/cat"))
	got, err := s.host(nil).Probe(t.Context(), []string{unit}, []int{4001, 4002, 4003, 1})
	must(t, err)
	if !slices.Equal(got.Listening, []int{4001, 4003}) {
		t.Errorf("%v", got.Listening)
	}
}

// The lists have the form in which sudo 1.9 prints them into a pipe.
func TestInspectReadsWhatSudoAllows(t *testing.T) {
	t.Parallel()
	const exact = "(root) NOPASSWD: /usr/bin/systemctl restart app.service, /usr/bin/systemctl stop app.service, /usr/bin/systemctl reset-failed app.service, /usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=app.service"
	restart, stop := "/usr/bin/systemctl restart app.service", "/usr/bin/systemctl stop app.service"
	reset, journal := "/usr/bin/systemctl reset-failed app.service", "/usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=app.service"
	for name, c := range map[string]struct {
		rules     []string
		defaults  string
		no, asked []string
	}{
		"exactly these":          {rules: []string{exact}},
		"everything":             {rules: []string{"(ALL : ALL) NOPASSWD: ALL"}},
		"as others only":         {rules: []string{"(postgres) NOPASSWD: ALL"}, no: []string{restart, stop, reset, journal}},
		"with a password":        {rules: []string{"(ALL : ALL) ALL"}, asked: []string{restart, stop, reset, journal}},
		"no password by default": {defaults: "env_reset, !authenticate", rules: []string{"(ALL : ALL) ALL"}},
		"a tag for the rest":     {rules: []string{"(root) NOPASSWD: " + restart + ", PASSWD: " + stop + ", " + reset + ", NOPASSWD: " + journal}, asked: []string{stop, reset}},
		"another unit":           {rules: []string{strings.ReplaceAll(exact, "app.service", "other.service")}, no: []string{restart, stop, reset, journal}},
		"the last one counts":    {rules: []string{"(root) NOPASSWD: ALL", "(ALL) " + stop}, asked: []string{stop}},
		"forbidden":              {rules: []string{"(root) NOPASSWD: ALL, !" + stop}, no: []string{stop}},
		"patterns":               {rules: []string{"(root) NOPASSWD: /bin/systemctl * app.service", "(root) NOPASSWD: /usr/bin/journalctl"}},
		"with escapes":           {rules: []string{"(root) NOPASSWD: " + restart + ", " + stop + ", " + reset, `(root) NOPASSWD: /usr/bin/journalctl --no-pager --output\=short-unix --lines\=100 --unit\=app.service`}},
		"arguments forbidden":    {rules: []string{`(root) NOPASSWD: /usr/bin/systemctl "", ` + journal}, no: []string{restart, stop, reset}},
		"options":                {rules: []string{strings.Replace(exact, "NOPASSWD:", "CWD=/tmp ROLE=sysadm_r TYPE=sysadm_t APPARMOR_PROFILE=unconfined TIMEOUT=300 NOPASSWD:", 1)}},
		"an option with a blank": {rules: []string{strings.Replace(exact, "NOPASSWD:", `CWD="/a b" NOPASSWD:`, 1)}},
		"all tags":               {rules: []string{strings.Replace(exact, "NOPASSWD:", "SETENV: INTERCEPT: NOEXEC: NOPASSWD: NOLOG_INPUT: LOG_OUTPUT: MAIL: FOLLOW:", 1)}},
		"at other times":         {rules: []string{exact, "(root) NOTAFTER=20200101000000Z NOPASSWD: " + stop}, no: []string{stop}},
		"in a chroot":            {rules: []string{strings.Replace(exact, "NOPASSWD:", "CHROOT=/srv NOPASSWD:", 1)}, no: []string{restart, stop, reset, journal}},
		"of another program":     {rules: []string{"(root) NOPASSWD: sha256:e3b0, sha512:77aa " + restart + ", " + stop + ", " + reset + ", " + journal}, no: []string{restart, stop, reset, journal}},
		"none":                   {no: []string{restart, stop, reset, journal}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			list := "Matching Defaults entries for deploy on web1:\n    " + c.defaults + "\n\nUser deploy may run the following commands on web1:\n"
			for _, rule := range c.rules {
				list += "    " + rule + "\n"
			}
			s.write(list, "rules")
			// The output of sudo -l for one command is not reliable: see
			// rules.sh.
			s.command("sudo", `[ "$*" = "-n -l" ] && exec cat "$BASE/rules"; grep -q '(root)\|(ALL' "$BASE/rules" && grep -q ' ALL$\|PASSWD: .*PASSWD:' "$BASE/rules"`)
			s.edit = withMain("show_rules").edit
			in := s.inspect()
			if said := len(c.no)+len(c.asked) > 0; said != (in.SudoSaid == strings.Join(c.rules, "; ") && len(c.rules) > 0) && len(c.rules) > 0 {
				t.Errorf("sudo said %q", in.SudoSaid)
			}
			if !slices.Equal(in.NotAllowed, c.no) || !slices.Equal(in.AsksPassword, c.asked) {
				t.Errorf("not allowed %q, asks %q\nwant        %q,      %q", in.NotAllowed, in.AsksPassword, c.no, c.asked)
			}
		})
	}
}

// A rule in an unknown form is no reason to refuse. If no rule asks for a
// password, sudo's own answer counts.
func TestInspectBelievesSudoWhereItCannotLie(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("sudo", `[ "$*" != "-n -l" ] || printf 'User x may run the following commands on y:\n    (root) NOPASSWD: ^/usr/bin/(systemctl|journalctl) .*$\n'`)
	if in := s.inspect(); len(in.NotAllowed)+len(in.AsksPassword) > 0 {
		t.Errorf("%q %q", in.NotAllowed, in.AsksPassword)
	}
	s.command("sudo", `[ "$*" != "-n -l" ] || printf 'User x may run the following commands on y:\n    (root) NOPASSWD: ^/usr/bin/.*$\n    (root) PASSWD: /usr/bin/id\n'`)
	if in := s.inspect(); len(in.NotAllowed) != 4 {
		t.Errorf("%q %q", in.NotAllowed, in.AsksPassword)
	}
}

func TestOtherWaysToRestartNeedNoRule(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("sudo", "exit 1")
	look := s.look()
	look.Restart.Flag = s.path("restart")
	in, err := s.host(nil).Inspect(t.Context(), look)
	must(t, err)
	if len(in.Unread) != 1 || !strings.Contains(in.Unread[0], "journalctl") || len(in.Unwritable) > 0 {
		t.Errorf("%q, unwritable %q", in.Unread, in.Unwritable)
	}
	look.Restart.Flag = "/none/restart"
	if in, err = s.host(nil).Inspect(t.Context(), look); err != nil || !slices.Equal(in.Unwritable, []string{"/none/restart"}) {
		t.Errorf("unwritable %q, %v", in.Unwritable, err)
	}
}

// awks tell the time in different units.
func TestTheTimeIsInSecondsWhateverUnitAwkHas(t *testing.T) {
	t.Parallel()
	text := file("inspect")
	from := strings.Index(text, "\t\tfunction seconds(")
	function := text[from : from+strings.Index(text[from:], "\n\t\t}")+4]
	for time, want := range map[string]string{"1796101027": "1796101027", "1796101027239": "1796101027", "1796101027239185664": "1796101027", "9999999999": "9999999999"} {
		out, err := exec.Command("awk", function+` BEGIN { printf "%.0f", seconds(`+time+`) }`).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s is %s, %v", time, out, err)
		}
	}
}

func TestAChrootIsNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	edit := s.edit
	s.edit = func(text string) string { return strings.ReplaceAll(edit(text), "/proc/self ]", "/nowhere/self ]") }
	const want = "sshd puts this user into a chroot (ChrootDirectory in sshd_config)"
	_, err := s.host(nil).Inspect(t.Context(), s.look())
	wantReason(t, err, want)
	_, err = s.host(nil).Lock(t.Context(), Holder{}, Wait{})
	wantReason(t, err, want)
}

// A list that sudo does not show is not an empty list. The texts are those of sudo 1.9.15
// and 1.9.17, and of sudo-rs 0.2.13.
func TestAListThatSudoDoesNotShowIsNotEmpty(t *testing.T) {
	t.Parallel()
	const password, tty, auth = "sudo: a password is required", "sudo: sorry, you must have a tty to run sudo", "sudo: interactive authentication is required"
	for name, c := range map[string]struct {
		text, said string
		unread     bool
	}{
		"a password":           {password, password, true},
		"a terminal":           {tty, tty, true},
		"sudo-rs":              {auth, auth, true},
		"no name":              {"sudo: unable to resolve host web1: Temporary failure in name resolution\n" + password, password, true},
		"a mistake in sudoers": {"/etc/sudoers.d/deploy:1:41: syntax error\n" + password, "/etc/sudoers.d/deploy:1:41: syntax error; " + password, true},
		"not setuid":           {"sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set", "sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set", true},
		"silence":              {"", "", true},
		"an empty list":        {"User deploy is not allowed to run sudo on web1.", "User deploy is not allowed to run sudo on web1.", false},
		"an empty one, rs":     {"/etc/sudoers.d/deploy:1:14: CHROOT is not supported by sudo-rs\nsudo: Sorry, user deploy may not run sudo on web1.", "/etc/sudoers.d/deploy:1:14: CHROOT is not supported by sudo-rs; sudo: Sorry, user deploy may not run sudo on web1.", false},
	} {
		s := newSite(t)
		s.write(c.text, "said")
		s.command("sudo", `[ "$2" != -l ] || { cat "$BASE/said" >&2; exit 1; }`)
		s.write("format 1\nrule root /usr/bin/systemctl restart app.service\n", "stamp")
		look := s.look()
		look.Stamp = s.path("stamp")
		in, err := s.host(nil).Inspect(t.Context(), look)
		must(t, err)
		refused := in.NotAllowed
		if c.unread {
			refused = in.Unread
		}
		if len(refused) != 4 || len(in.Unread)+len(in.NotAllowed)+len(in.AsksPassword) != 4 || in.SudoSaid != c.said || (len(in.Drift) == 0) != c.unread {
			t.Errorf("%s: %q: unread %q, not allowed %q, drift %q", name, in.SudoSaid, in.Unread, in.NotAllowed, in.Drift)
		}
	}
}
