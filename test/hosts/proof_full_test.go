//go:build full

package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func init() {
	verdicts = append(verdicts,
		verdict{name: "exits after 3 s", way: light.Way{Exit: status(1), After: 3}, settings: []string{"SLIPWAY_SETTLE=5s"}, says: "the release exits|failed \\(exit-code\\)"},
		verdict{name: "exits with 0", way: light.Way{Exit: status(0)}, says: "the release ended by itself, without an error"},
		verdict{name: "is killed by a signal", way: light.Way{Signal: 9, After: 0.5}, settings: []string{"SLIPWAY_SETTLE=2s"}, says: "the release exits"},
		verdict{name: "answers 302", way: light.Way{Status: 302}, settings: []string{failsSoon}, says: `answers 302 Found to "/elsewhere": redirects are not followed`},
		verdict{name: "never answers", way: light.Way{Hang: true}, settings: []string{failsSoon}, says: "no answer from the health URL"},
		verdict{name: "another port", way: light.Way{Port: 4009}, settings: []string{failsSoon}, says: "no answer from the health URL: .*connect"},
		verdict{name: "another body", way: light.Way{Body: "starting"}, settings: []string{failsSoon, `SLIPWAY_HEALTH_BODY="status": "ok"`}, says: "its body does not match"},
	)
}

// What made systemd give up on a unit before is not the new release's fault.
func TestAStartLimitReachedBeforeIsReset(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	if said := w.root("for i in 1 2 3 4 5 6 7; do systemctl restart " + unit + "; done 2>&1; systemctl show --property=ActiveState,Result " + unit); !strings.Contains(said, "start-limit-hit") || !strings.Contains(said, "ActiveState=failed") {
		t.Fatalf("systemd has not given up: %s", said)
	}
	w.runs(w.Deploy(2))

	// A unit that failed by itself, with nothing that restarts it.
	w.dropIn(unit, "[Service]\nRestart=no\n")
	w.root("systemctl kill --signal=KILL " + unit + "; i=0; until systemctl is-failed --quiet " + unit + "; do i=$((i+1)); [ $i -lt 600 ] || exit 1; sleep 0.2; done")
	w.runs(w.Deploy(3))
}

// A release that systemd gives up on is told from one that fails once.
func TestAReleaseThatReachesTheStartLimitItself(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1)
	w.dropIn(unit, "[Unit]\nStartLimitBurst=1\nStartLimitIntervalSec=30\n[Service]\nRestartSec=0\n")
	bad := w.bad()
	w.Red(1, w.Slipway(world.DeployOf(bad)...), "has given up (exit-code)", "put back", "light: exits with 1 as its release says")
	w.runs(good)
	w.lastChange(bad, release.Reverted)
}
