package hosts

import (
	"encoding/json"
	"fmt"
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
	"github.com/apxr/slipway/test/world"
)

// switched waits until a run under way has made id current and restarted.
func (w *webHost) switched(id release.ID) {
	w.Helper()
	w.root(fmt.Sprintf(`i=0; until [ "$(readlink -f %[1]s/current)" = %[1]s/releases/%[2]s ] && tr '\0' ' ' </proc/$(systemctl show --value --property=MainPID %[3]s)/cmdline 2>/dev/null | grep -q %[2]s; do
		i=$((i+1)); [ $i -lt 3000 ] || { echo "%[2]s was not switched on" >&2; exit 1; }; sleep 0.1; done`, base, id, unit))
}

// minutes is what a contract came to, without what must differ.
type minutes struct {
	Steps    []string // exit code, and what was printed for people and scripts
	Hooks    string
	Releases any
	History  []release.Change
}

func (m *minutes) note(w *webHost, step string, r command.Result) {
	m.Steps = append(m.Steps, fmt.Sprintf("%s: exit %d\n%s", step, r.Code, w.plain(r.Stdout)))
}

var (
	clock  = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:]+Z|\b\d\d:\d\d:\d\d\b`)
	author = regexp.MustCompile(`\bby \S+@\S+`)
	number = regexp.MustCompile(`\d+\.\d+ s|\d+ (times?|ms|s)\b|\d{8}T\d{6}\.\d{9}|\d{10}\.\d+|\[\d+\]|pid \d+`)
	logged = regexp.MustCompile(`(?m)^ +((systemd|launch)\[\d+\]: |and from the beginning:|\[\.\.\.\] and |\(without ).*\n`)
	blanks = regexp.MustCompile(`[ \t]+`)
	rules  = regexp.MustCompile(`-{3,}`)
)

// plain is a text without times, without the host's name, without blanks that
// only align it, and without the unit log, which is as long as the run was slow.
func (w *webHost) plain(text string) string {
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
	var a, b minutes
	t.Run("both", func(t *testing.T) {
		t.Run("ssh", func(t *testing.T) { a = contract(newWorld(t)) })
		t.Run("local", func(t *testing.T) { b = contract(onItself(t)) })
	})
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

// contract deploys, fails, is cancelled, dies and goes back, one after the other,
// and checks what becomes of the host each time.
func contract(w *webHost) minutes {
	c := &contracted{webHost: w}
	c.root("rm -f /tmp/hooks")
	c.r1, c.r2, c.r3 = w.Artifact(1, light.Way{}), w.Artifact(2, light.Way{}), w.Artifact(3, light.Way{})
	c.hangs = w.Artifact(11, light.Way{Hang: true})
	c.deploys()
	c.changesNothing()
	c.fails()
	c.dies()
	c.rollsBack()
	c.Releases, c.minutes.History = w.lists()
	c.isCancelled()
	return c.minutes
}

// contracted is a host with its releases, and the minutes of what it went through.
type contracted struct {
	*webHost
	minutes
	r1, r2, r3, hangs release.ID
}

// good runs what must succeed.
func (c *contracted) good(step string, words ...string) command.Result {
	c.Helper()
	r := c.Slipway(words...)
	c.note(c.webHost, step, r)
	if r.Code != 0 {
		c.Fatalf("%s: exit %d", step, r.Code)
	}
	return r
}

// bad runs what must fail.
func (c *contracted) bad(step string, says string, words ...string) {
	c.Helper()
	r := c.Slipway(words...)
	c.note(c.webHost, step, r)
	c.Red(1, r, says)
}

func (c *contracted) deploys() {
	c.good("first deploy", world.DeployOf(c.r1)...)
	c.runs(c.r1)
	c.good("second deploy", world.DeployOf(c.r2, "SLIPWAY_ENV=GREETING='good day'\n", "SLIPWAY_BEFORE_ACTIVATE="+hook, "SLIPWAY_AFTER_ACTIVATE="+hook)...)
	c.greets(c.r2, "good day")
	c.Hooks = c.root("cat /tmp/hooks")
	if !strings.Contains(c.Hooks, "/home/deploy deploy good day") || strings.Count(c.Hooks, "shop") != 4 {
		c.Errorf("the hooks saw:\n%s", c.Hooks)
	}
}

func (c *contracted) changesNothing() {
	before := c.State()
	c.Says(c.good("the same again", world.DeployOf(c.r2)...).Stdout, "unchanged")
	c.Says(c.good("dry run", world.DeployOf(c.r3, "--dry-run")...).Stdout, "stage release "+string(c.r3))
	c.Same(before)
}

func (c *contracted) fails() {
	c.bad("a release that exits", "light: exits with 3 as its release says", world.DeployOf(c.Artifact(10, light.Way{Exit: status(3)}))...)
	c.greets(c.r2, "good day")
	c.bad("a hook that fails", "nothing was switched", world.DeployOf(c.r3, "SLIPWAY_BEFORE_ACTIVATE=echo no >&2; exit 3")...)
	c.runs(c.r2)
}

func (c *contracted) dies() {
	run := c.Begin(world.DeployOf(c.hangs, "--health-timeout", "5m")...)
	c.switched(c.hangs)
	run.Signal(syscall.SIGKILL)
	run.Wait()
	c.root("flock -w 300 " + base + "/.slipway/lock true") // the kernel's word for a holder that has gone
	r := c.good("after one that was killed", world.DeployOf(c.r3, "SLIPWAY_ENV=GREETING=hello")...)
	c.Says(r.Said(), "repaired: a run of ", "back on "+string(c.r2))
	c.greets(c.r3, "hello")
}

func (c *contracted) rollsBack() {
	c.good("rollback", "rollback")
	c.greets(c.r2, "good day")
	c.good("rollback by ID", "rollback", "--release-id", string(c.r1))
	c.greets(c.r1, "")
}

func (c *contracted) isCancelled() {
	first := c.Begin(world.DeployOf(c.hangs, "--health-timeout", "5m", "CI=true")...)
	c.switched(c.hangs)
	c.bad("held lock", "held by another run: deploy", world.DeployOf(c.r3)...)
	signalled := world.Now()
	first.Signal(syscall.SIGINT)
	end := first.Wait()
	if !c.NoTime(signalled, end) {
		c.note(c.webHost, "cancelled", end.Result)
	}
	c.CancelledTo(c.r1, signalled, end)
}

// lists are what the lists for scripts say, without what must differ: the
// host's name, times, keys, and who.
func (w *webHost) lists() (any, []release.Change) {
	w.Helper()
	var releases []struct {
		Host     string
		Releases []map[string]any
	}
	w.Must(json.Unmarshal([]byte(w.OK("releases", "--format", "json").Stdout), &releases))
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
	w.Must(json.Unmarshal([]byte(w.OK("history", "--format", "json").Stdout), &history))
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
	if len(history) != 1 || len(releases) != 1 || len(changes) != 7 {
		w.Errorf("releases of %d hosts, histories of %d, with %d changes", len(releases), len(history), len(changes))
	}
	return releases[0].Releases, changes
}
