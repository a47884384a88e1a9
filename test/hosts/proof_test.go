package hosts

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// verdict is a way to fail, and what a run has to say of it.
type verdict struct {
	name     string
	way      light.Way
	settings []string
	dropIn   string // of the unit
	says     string // a regular expression
}

// inTime is for a verdict that does not wait for the time to end, however busy
// the machine is.
var inTime = []string{"SLIPWAY_HEALTH_TIMEOUT=20s"}

var verdicts = []verdict{
	{name: "exits at start", way: light.Way{Exit: status(3)}, settings: inTime, says: "the release exits"},
	{name: "exits after 3 s", way: light.Way{Exit: status(1), After: 3}, settings: []string{"SLIPWAY_SETTLE=5s"}, says: "the release exits|failed \\(exit-code\\)"},
	{name: "exits with 0", way: light.Way{Exit: status(0)}, settings: inTime, says: "the release ended by itself, without an error"},
	{name: "is killed by a signal", way: light.Way{Signal: 9, After: 0.5}, settings: []string{"SLIPWAY_SETTLE=2s"}, says: "the release exits"},
	{name: "answers 500", way: light.Way{Status: 500}, says: "answers 500 Internal Server Error"},
	{name: "answers 302", way: light.Way{Status: 302}, says: `answers 302 Found to "/elsewhere": redirects are not followed`},
	{name: "never answers", way: light.Way{Hang: true}, says: "no answer from the health URL"},
	{name: "another port", way: light.Way{Port: 4009}, says: "no answer from the health URL: .*connect"},
	{name: "another body", way: light.Way{Body: "starting"}, settings: []string{`SLIPWAY_HEALTH_BODY="status": "ok"`}, says: "its body does not match"},
	{
		name: "never becomes active", way: light.Way{Silent: true}, dropIn: "[Service]\nType=notify\nTimeoutStartSec=4\n",
		says: "systemctl restart shop.service failed",
	},
}

// Each way to fail has its own words, and the old release is back soon after.
func TestAReleaseThatFailsIsTakenBack(t *testing.T) {
	w := anyWorld(t)
	good := w.deploy(1)
	table := []string{fmt.Sprintf("%-24s%-12s%s", "way to fail", "verdict", "served again after")}
	for i, v := range verdicts {
		w.sub(v.name, func(w *world) { table = append(table, w.fails(good, light.At(10+i), v)) })
	}
	t.Logf("seconds from the activation to the verdict, and from that until the old release served:\n%s", strings.Join(table, "\n"))
}

func (w *world) fails(good, id release.ID, v verdict) (row string) {
	if v.dropIn != "" {
		w.dropIn(unit, v.dropIn)
	}
	w.put(light.Release{ID: id, Way: v.way})
	stop := w.poll()
	words := append([]string{"deploy", "--release-id", string(id), "SLIPWAY_HEALTH_TIMEOUT=3s"}, v.settings...)
	if len(v.settings) > 0 && strings.HasPrefix(v.settings[0], "SLIPWAY_SETTLE=") {
		words = append(words, "SLIPWAY_HEALTH_TIMEOUT=9s")
	}
	r, lines := w.watched(words...)
	w.runs(good)
	answers := stop()

	w.red(1, r, "put back", "back on "+string(good)+" after", "the unit log says:", "light: "+string(id)+" starts")
	if !regexp.MustCompile(v.says).MatchString(r.Stderr) {
		w.Errorf("it does not say %q", v.says)
	}
	if c := w.lastChange(id, release.Reverted); !regexp.MustCompile(v.says).MatchString(c.Reason) {
		w.Errorf("the history's reason is %q", c.Reason)
	}
	began, decided := said(lines, "==> Activate"), said(lines, "putting every switched host back")
	again, ok := servedAgain(answers, good, decided)
	if back := again.Sub(decided); !ok || back > 10*time.Second {
		w.Errorf("the old release served again %s after the verdict, and 10 s are promised", back)
	}
	if first := answers[0]; !strings.Contains(first.text, string(good)) {
		w.Errorf("before the deploy, %q answered", first.text)
	}
	return fmt.Sprintf("%-24s%-12.1f%.1f", v.name, decided.Sub(began).Seconds(), again.Sub(decided).Seconds())
}

// What made systemd give up on a unit before is not the new release's fault.
func TestAStartLimitReachedBeforeIsReset(t *testing.T) {
	w := anyWorld(t)
	w.deploy(1)
	if said := w.root("for i in 1 2 3 4 5 6 7; do systemctl restart " + unit + "; done 2>&1; systemctl show --property=ActiveState,Result " + unit); !strings.Contains(said, "start-limit-hit") || !strings.Contains(said, "ActiveState=failed") {
		t.Fatalf("systemd has not given up: %s", said)
	}
	w.runs(w.deploy(2))

	// A unit that failed by itself, with nothing that restarts it.
	w.dropIn(unit, "[Service]\nRestart=no\n")
	w.root("systemctl kill --signal=KILL " + unit + "; for i in 1 2 3 4 5 6 7 8 9; do systemctl is-failed --quiet " + unit + " && exit; sleep 0.2; done; exit 1")
	w.runs(w.deploy(3))
}

// A release that systemd gives up on is told from one that fails once.
func TestAReleaseThatReachesTheStartLimitItself(t *testing.T) {
	w := anyWorld(t)
	good := w.deploy(1)
	w.dropIn(unit, "[Unit]\nStartLimitBurst=1\nStartLimitIntervalSec=30\n[Service]\nRestartSec=0\n")
	bad := w.artifact(2, light.Way{Exit: status(1)})
	w.red(1, w.run("deploy", "--release-id", string(bad)), "has given up (exit-code)", "put back", "light: exits with 1 as its release says")
	w.runs(good)
	w.lastChange(bad, release.Reverted)
}
