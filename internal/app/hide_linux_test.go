package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// spy looks for the secrets of whatever has started it, and of what started that.
// Slipway's children include others' code: an executable inventory, a mix.exs.
const spy = `#!/bin/sh
pid=$$
while [ "$pid" -gt 1 ]; do
	{
		echo "looked at $pid"
		tr '\0' '\n' <"/proc/$pid/environ"
		cat "/proc/$pid/maps" # who may read this may read the memory, too
	} >>SEEN 2>>SEEN.refused
	pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
done
exit 1
`

// ordinary is an ordinary user's home on this machine, with a spy in the place of
// each program that a run starts first. Root may read everything, so tests that
// run as root use another user.
type ordinary struct {
	*testing.T
	dir  string
	user *syscall.Credential
}

func newOrdinary(t *testing.T) *ordinary {
	t.Helper()
	o := &ordinary{T: t, dir: t.TempDir()}
	o.must(os.Chmod(filepath.Dir(o.dir), 0o755))
	if os.Getuid() == 0 {
		const nobody = 65534
		o.user = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	o.must(os.Chmod(o.dir, 0o777))
	o.must(os.Mkdir(o.path("bin"), 0o755))
	script := strings.ReplaceAll(spy, "SEEN", o.path("seen"))
	for _, name := range []string{"ansible-inventory", "ansible-playbook", "git", "flock", "getconf", "mktemp"} {
		o.must(os.WriteFile(o.path("bin/"+name), []byte(script), 0o755))
	}
	return o
}

func (o *ordinary) path(name string) string { return filepath.Join(o.dir, name) }

func (o *ordinary) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// run runs a program with secrets in its environment, and returns its process ID,
// what it said, and what the spies have seen.
func (o *ordinary) run(program []string, env ...string) (pid, said, seen string) {
	o.Helper()
	os.Remove(o.path("seen"))
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Dir = o.dir
	cmd.Env = append([]string{
		"PATH=" + o.path("bin") + ":/usr/bin:/bin", "HOME=" + o.dir, "ACTIONS_RUNTIME_TOKEN=a-secret", "GITHUB_TOKEN=a-secret", "SLIPWAY_SSH_KEY=a-secret",
		"INPUT_SSH-KEY=a-secret", "INPUT_SETUP-KEY=a-secret", "INPUT_APP=apxr/apxr_io", "INPUT_KNOWN-HOSTS=",
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=apxr/apxr_io", "GITHUB_RUN_ID=7", "GITHUB_ACTOR=octocat",
	}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: o.user}
	out, err := cmd.CombinedOutput()
	if cmd.Process == nil {
		o.Fatal(err)
	}
	text, err := os.ReadFile(o.path("seen"))
	if err != nil {
		o.Fatalf("nothing of what was to look has run: %v\n%s", err, out)
	}
	return strconv.Itoa(cmd.Process.Pid), string(out), string(text)
}

func TestNoChildReadsTheSecretsOfItsParent(t *testing.T) {
	t.Parallel()
	o := newOrdinary(t)
	if _, _, seen := o.run([]string{"sh", "-c", "ansible-inventory; true"}); strings.Count(seen, "a-secret") < 5 {
		t.Fatalf("the spy does not find the secrets of a program that does not hide:\n%s", seen)
	}
	build := exec.Command("go", "build", "-o", o.path("programs")+"/", "./actions/deploy", "./actions/build-release", "./actions/setup", "./cmd/slipway")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	inventory := o.path("inventory")
	o.must(os.WriteFile(inventory, nil, 0o644))
	for name, c := range map[string]struct{ args, env []string }{
		"deploy":        {[]string{"deploy"}, []string{"INPUT_INVENTORY=" + inventory}},
		"setup":         {[]string{"setup"}, []string{"INPUT_HOSTS=local"}},
		"build-release": {[]string{"build-release"}, []string{"INPUT_BUILD-HOST=local", "INPUT_REPOSITORY=https://example.com/x.git", "INPUT_REVISION=main"}},
		"command line":  {[]string{"slipway", "releases", "--app", "apxr/apxr_io", "--hosts", "local"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inner := *o
			inner.T = t
			c.args[0] = o.path("programs/" + c.args[0])
			pid, said, seen := inner.run(c.args, c.env...)
			if !strings.Contains(seen, "looked at "+pid+"\n") {
				t.Errorf("the spy did not look at the program, %s:\n%s\n%s", pid, seen, said)
			}
			if strings.Contains(seen, o.path("programs/")) {
				t.Errorf("a child of the program can read its memory:\n%s", seen)
			}
			for _, word := range []string{"a-secret", "INPUT_", "ACTIONS_", "GITHUB_"} {
				if strings.Contains(seen, word) {
					t.Errorf("a child of the program sees %s:\n%s\n%s", word, seen, said)
				}
			}
		})
	}
}
