package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/light"
)

// onItself makes a world in which Slipway runs on the host itself.
func onItself(t *testing.T, host string) *world {
	t.Helper()
	w := newWorld(t, host)
	path, err := command.Program()
	w.must(err)
	data, err := os.ReadFile(path)
	w.must(err)
	w.must(os.WriteFile(filepath.Join(w.host.Root(), "usr/local/bin/slipway"), data, 0o755))
	w.there, w.home = true, filepath.Join(w.host.Root(), "home/deploy")
	w.must(os.RemoveAll(filepath.Join(w.home, "slipway")))
	return w
}

// give gives what lies below deploy's home on the host to deploy.
func (w *world) give(path string) {
	w.Helper()
	out, err := exec.Command("chown", "-R", "--reference="+w.home, path).CombinedOutput()
	if err != nil {
		w.Fatalf("%v: %s", err, out)
	}
}

// under is a run of Slipway under way.
type under struct {
	w      *world
	signal func(syscall.Signal)
	done   chan ended
}

type ended struct {
	command.Result
	err error
	at  time.Time
}

// begin starts a verb, where the world's Slipway runs.
func (w *world) begin(words ...string) *under {
	w.Helper()
	settings, args := split(words)
	if w.there {
		return w.beginThere(settings, args)
	}
	u := &under{w: w, done: make(chan ended, 1)}
	cmd := w.command(settings, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	w.must(cmd.Start())
	u.signal = func(s syscall.Signal) { w.must(cmd.Process.Signal(s)) }
	go func() {
		cmd.Wait()
		u.done <- ended{command.Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}, nil, time.Now()}
	}()
	return u
}

// runThere keeps its process ID, for signals, and keeps stderr apart.
const runThere = `dir=$1; shift; echo $$ >"$dir/pid"; exec slipway "$@" 2>"$dir/stderr" </dev/null`

func (w *world) beginThere(settings, args []string) *under {
	w.Helper()
	u := &under{w: w, done: make(chan ended, 1)}
	dir, err := os.MkdirTemp(w.home, "run-")
	w.must(err)
	w.give(dir)
	argv := append([]string{
		"env", "-i", "HOME=/home/deploy", "USER=deploy", "PATH=/usr/local/bin:/usr/bin:/bin",
		"SLIPWAY_APP=apxr/shop", "SLIPWAY_BUILD_HOST=local", "SLIPWAY_HOSTS=local", "SLIPWAY_HEALTH_URL=" + health,
		"SLIPWAY_SETTLE=300ms", "SLIPWAY_HEALTH_TIMEOUT=10s", "SLIPWAY_WAIT_FOR_LOCK=0s",
	}, settings...)
	argv = append(argv, withoutBuildHost(args)...)
	argv = append(append(argv, "sh", "-c", runThere, "sh", "/home/deploy/"+filepath.Base(dir)), args...)
	u.signal = func(s syscall.Signal) {
		w.root(fmt.Sprintf("kill -%d $(cat /home/deploy/%s/pid)", s, filepath.Base(dir)))
	}
	go func() {
		stdout, err := w.host.RunAs(w.Context(), "deploy", nil, argv...)
		e := ended{at: time.Now(), Result: command.Result{Stdout: stdout}}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			e.Code = exit.ExitCode()
		} else {
			e.err = err
		}
		stderr, err := os.ReadFile(filepath.Join(dir, "stderr"))
		e.Stderr, e.err = string(stderr), errors.Join(e.err, err, os.RemoveAll(dir))
		u.done <- e
	}()
	return u
}

func (u *under) wait() ended {
	u.w.Helper()
	e := <-u.done
	u.w.must(e.err)
	return e
}

// switched waits until a run under way has made id current and restarted.
func (w *world) switched(id release.ID) {
	w.Helper()
	w.root(fmt.Sprintf(`i=0; until [ "$(readlink -f %[1]s/current)" = %[1]s/releases/%[2]s ] && tr '\0' ' ' </proc/$(systemctl show --value --property=MainPID %[3]s)/cmdline 2>/dev/null | grep -q %[2]s; do
		i=$((i+1)); [ $i -lt 200 ] || { echo "%[2]s was not switched on" >&2; exit 1; }; sleep 0.05; done`, base, id, unit))
}

// minutes is what a contract came to, without what must differ.
type minutes struct {
	Steps    []string // exit code, and what was printed for people and scripts
	Hooks    string
	Releases any
	History  []release.Change
}

func (m *minutes) note(w *world, step string, r command.Result) {
	m.Steps = append(m.Steps, fmt.Sprintf("%s: exit %d\n%s", step, r.Code, w.plain(r.Stdout)))
}

var (
	clock  = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:]+Z|\b\d\d:\d\d:\d\d\b`)
	author = regexp.MustCompile(`\bby \S+@\S+`)
	number = regexp.MustCompile(`\d+\.\d+ s|\d+ (times?|ms|s)\b|\d{8}T\d{6}\.\d{9}|\d{10}\.\d+|\[\d+\]|pid \d+`)
	logged = regexp.MustCompile(`(?m)^ +(systemd|launch)\[\d+\]: .*\n`)
	blanks = regexp.MustCompile(`[ \t]+`)
	rules  = regexp.MustCompile(`-{3,}`)
)

// plain is a text without times, without the host's name, without blanks that
// only align it, and without the unit log, which is as long as the run was slow.
func (w *world) plain(text string) string {
	text = logged.ReplaceAllString(text, "")
	for _, name := range []string{w.host.Addr, "local"} {
		text = regexp.MustCompile(`(^|[\s"])`+regexp.QuoteMeta(name)+`\b`).ReplaceAllString(text, "${1}HOST")
	}
	for re, with := range map[*regexp.Regexp]string{clock: "TIME", author: "by WHO", number: "N", rules: "--"} {
		text = re.ReplaceAllString(text, with)
	}
	return blanks.ReplaceAllString(text, " ")
}

// Deploy and rollback mean the same over SSH and on the machine itself.
func TestBothTransportsKeepOneContract(t *testing.T) {
	kept := map[string]minutes{}
	t.Run("ssh", func(t *testing.T) { kept["ssh"] = contract(newWorld(t, "web4")) })
	t.Run("local", func(t *testing.T) { kept["local"] = contract(onItself(t, "web4")) })
	a, b := kept["ssh"], kept["local"]
	for i := range min(len(a.Steps), len(b.Steps)) {
		if a.Steps[i] != b.Steps[i] {
			t.Errorf("over SSH and on the machine itself this differs:\n%s\n--\n%s", a.Steps[i], b.Steps[i])
		}
	}
	if a.Hooks != b.Hooks {
		t.Errorf("hooks saw different things:\n%s\n--\n%s", a.Hooks, b.Hooks)
	}
	if !reflect.DeepEqual(a.Releases, b.Releases) {
		t.Errorf("releases differ:\n%v\n--\n%v", a.Releases, b.Releases)
	}
	if !reflect.DeepEqual(a.History, b.History) {
		t.Errorf("histories differ:\n%+v\n--\n%+v", a.History, b.History)
	}
}

const hook = `{ echo $0 $#; pwd; id -un; umask; echo "$HOME $USER $GREETING"; ls bin; } >>/tmp/hooks`

func contract(w *world) (m minutes) {
	w.root("rm -f /tmp/hooks")
	good := func(step string, words ...string) command.Result {
		w.Helper()
		r := w.run(words...)
		m.note(w, step, r)
		if r.Code != 0 {
			w.Fatalf("%s: exit %d", step, r.Code)
		}
		return r
	}
	bad := func(step string, says string, words ...string) {
		w.Helper()
		r := w.run(words...)
		m.note(w, step, r)
		w.red(1, r, says)
	}
	greets := func(want string) {
		w.Helper()
		if got := w.answer().Greeting; got != want {
			w.Errorf("the application's environment has GREETING %q, want %q", got, want)
		}
	}
	deploy := func(id release.ID, words ...string) []string {
		return append([]string{"deploy", "--release-id", string(id)}, words...)
	}
	r1, r2, r3 := w.artifact(1, light.Way{}), w.artifact(2, light.Way{}), w.artifact(3, light.Way{})
	exits, hangs := w.artifact(10, light.Way{Exit: status(3)}), w.artifact(11, light.Way{Hang: true})

	good("first deploy", deploy(r1)...)
	w.runs(r1)
	good("second deploy", deploy(r2, "SLIPWAY_ENV=GREETING='good day'\n", "SLIPWAY_BEFORE_ACTIVATE="+hook, "SLIPWAY_AFTER_ACTIVATE="+hook)...)
	w.runs(r2)
	greets("good day")
	m.Hooks = w.root("cat /tmp/hooks")
	if !strings.Contains(m.Hooks, "/home/deploy deploy good day") || strings.Count(m.Hooks, "shop") != 4 {
		w.Errorf("the hooks saw:\n%s", m.Hooks)
	}
	before := w.state()
	if r := good("the same again", deploy(r2)...); !strings.Contains(r.Stdout, "unchanged") {
		w.Error("it does not say that nothing was to be done")
	}
	if r := good("dry run", deploy(r3, "--dry-run")...); !strings.Contains(r.Stdout, "stage release "+string(r3)) {
		w.Error("it does not say what it would do")
	}
	if after := w.state(); after != before {
		w.Errorf("a deploy of what runs and a dry run changed the host:\n%s\n--\n%s", before, after)
	}
	bad("a release that exits", "light: exits with 3 as its release says", deploy(exits)...)
	w.runs(r2)
	greets("good day")
	bad("a hook that fails", "nothing was switched", deploy(r3, "SLIPWAY_BEFORE_ACTIVATE=echo no >&2; exit 3")...)
	w.runs(r2)

	first := w.begin(deploy(hangs, "--health-timeout", "60s")...)
	w.switched(hangs)
	bad("held lock", "held by another run: deploy", deploy(r3)...)
	signalled := time.Now()
	first.signal(syscall.SIGINT)
	end := first.wait()
	m.note(w, "cancelled", end.Result)
	w.red(1, end.Result, "put back")
	if took := end.at.Sub(signalled); took > 7*time.Second {
		w.Errorf("it took %s to go back after SIGINT", took)
	} else {
		w.Logf("back %.1f s after SIGINT\n%s%s", took.Seconds(), end.Stderr, end.Stdout)
	}
	w.runs(r2)

	dies := w.begin(deploy(hangs, "--health-timeout", "60s")...)
	w.switched(hangs)
	dies.signal(syscall.SIGKILL)
	dies.wait()
	w.root("flock -w 10 " + base + "/.slipway/lock true") // the kernel's word for a holder that has gone
	w.red(0, good("after one that was killed", deploy(r3, "SLIPWAY_ENV=GREETING=hello")...), "repaired: a run of ", "back on "+string(r2))
	w.runs(r3)
	greets("hello")

	good("rollback", "rollback")
	w.runs(r2)
	greets("good day")
	good("rollback by ID", "rollback", "--release-id", string(r1))
	w.runs(r1)
	greets("")
	m.Releases, m.History = w.lists()
	return m
}

// lists are what the lists for scripts say, without what must differ: the
// host's name, times, keys, and who.
func (w *world) lists() (any, []release.Change) {
	w.Helper()
	var releases []struct {
		Host     string
		Releases []map[string]any
	}
	w.must(json.Unmarshal([]byte(w.ok("releases", "--format", "json")), &releases))
	for _, r := range releases[0].Releases {
		for _, name := range []string{"live_at", "who"} {
			if _, ok := r[name]; ok {
				r[name] = "there"
			}
		}
	}
	var history []struct {
		Host    string
		Changes []release.Change
	}
	w.must(json.Unmarshal([]byte(w.ok("history", "--format", "json")), &history))
	changes := history[0].Changes
	environments := map[string]string{"": ""}
	for i := range changes {
		c := &changes[i]
		for _, key := range []*string{&c.FromEnv, &c.ToEnv} {
			if _, ok := environments[*key]; !ok {
				environments[*key] = "environment " + strconv.Itoa(len(environments))
			}
			*key = environments[*key]
		}
		if c.Key == "" || c.Who == "" || c.At.IsZero() {
			w.Errorf("a change without key, time or author: %+v", *c)
		}
		c.Key, c.Who, c.At, c.Reason = "", "", time.Time{}, w.plain(c.Reason)
	}
	if len(history) != 1 || len(releases) != 1 || len(changes) != 8 {
		w.Errorf("releases of %d hosts, histories of %d, with %d changes", len(releases), len(history), len(changes))
	}
	return releases[0].Releases, changes
}

// Where the artifact lies, nothing is sent: the bytes that the host receives
// are those of the conversation alone.
func TestNothingIsSentToTheHostThatHasTheArtifact(t *testing.T) {
	const padding = 20 << 20
	noise := make([]byte, padding)
	source := rand.NewChaCha8([32]byte{})
	source.Read(noise)
	padded := func(n int) light.Release {
		return light.Release{ID: light.At(n), Files: map[string]string{"lib/noise": string(noise)}}
	}
	// measured deploys a release and returns what the host received.
	measured := func(w *world, id release.ID, how string, words ...string) int {
		t.Helper()
		before := w.received()
		r := w.run(append([]string{"deploy", "--release-id", string(id)}, words...)...)
		got := w.received() - before
		w.red(0, r, how)
		w.runs(id)
		return got
	}
	elsewhere := newWorld(t, "web4")
	sent := measured(elsewhere, elsewhere.put(padded(1)), "staged and verified")
	if sent < padding {
		t.Fatalf("%d bytes of random data came as %d", padding, sent)
	}
	there := onItself(t, "web4")
	copied := measured(there, there.put(padded(2)), "copied from the artifact and verified")
	addr := there.host.Addr
	asked := measured(elsewhere, there.put(padded(3)), "copied from the artifact and verified", "--build-host", "deploy@"+addr+":22", "--hosts", addr)
	t.Logf("received: %d bytes when sent (ratio 1), %d when this machine asks for a copy (%.5f), %d when Slipway runs there (%.5f)",
		sent, asked, float64(asked)/float64(sent), copied, float64(copied)/float64(sent))
	if asked > padding/100 || copied > padding/100 {
		t.Errorf("what lies on the host was sent to it: %d and %d bytes came", asked, copied)
	}
}

// received is how many bytes the host's interface has received.
func (w *world) received() int {
	w.Helper()
	n, err := strconv.Atoi(w.root(`awk '$1 == "host0:" { print $2 }' /proc/net/dev`))
	w.must(err)
	return n
}

// The application's directory may be a link to a larger disk.
func TestTheDirectoryMayBeALink(t *testing.T) {
	w := anyWorld(t)
	w.root("rm -rf /srv/shop && mv " + base + " /srv/shop && ln -s /srv/shop " + base)
	w.Cleanup(func() {
		if _, err := w.host.Run(context.Background(), nil, "sh", "-c", "systemctl stop "+unit+"; rm -rf /srv/shop "+base); err != nil {
			w.Error(err)
		}
	})
	first := w.deploy(1)
	second := w.deploy(2)
	said := w.ok("releases")
	if !strings.Contains(said, string(second)) || !strings.Contains(said, "current, running") {
		t.Errorf("%s", said)
	}
	bad := w.artifact(3, light.Way{Exit: status(1)})
	w.red(1, w.run("deploy", "--release-id", string(bad)), "the release exits", "back on "+string(second))
	w.ok("rollback")
	if got := w.root("readlink -f " + base + "/current; curl --silent " + health); !strings.HasPrefix(got, "/srv/shop/releases/"+string(first)+"\n") || !strings.Contains(got, `"release": "`+string(first)+`"`) {
		t.Errorf("the host has %s", got)
	}
}
