//go:build full

package fleet

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestRunsThatNameHostsInAnotherOrderDoNotWaitForEachOther(t *testing.T) {
	w := four(t)
	addrs := strings.Fields(w.web(4))
	slices.Reverse(addrs)
	var runs []*world.Run
	for i, list := range []string{w.web(3), strings.Join(addrs[:3], " "), w.web(4), strings.Join(addrs, " ")} {
		runs = append(runs, w.Begin(world.DeployOf(w.Artifact(1+i, light.Way{}), "--wait-for-lock", "30m", "SLIPWAY_HOSTS="+list, "SLIPWAY_SETTLE=100ms")...))
	}
	for i, run := range runs {
		if r := run.Wait(); r.Code != 0 {
			t.Errorf("deploy %d: exit %d\n%s", i, r.Code, r.Said())
		}
	}
}

// What was switched goes back over a new connection, if the old one is gone.
func TestALostConnectionIsMadeAgain(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.Artifact(2, light.Way{})
	run := w.Begin(world.DeployOf(next, "--settle", "10s", "--health-timeout", "10m", "SLIPWAY_MAX_PARALLEL=4")...)
	w.switched(1, next)
	w.Aged(4 * time.Second)
	w.Root(w.Hosts[1], "pkill -KILL -u deploy sshd")
	lost := world.Now()
	end := run.Wait()
	w.Within(lost, end.At, 30*time.Second)
	w.refuses(end.Result, w.addr(1)+": the connection was lost: connecting again", w.addr(1)+": back on "+string(good))
	w.runs(good, nil)
}

func TestACancelByTheSecondSignal(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	w.cancelled(good, w.Artifact(2, light.Way{}), syscall.SIGTERM)
}

// A cancel while hosts go back one after the other, each of which takes its time.
func TestACancelWhileHostsGoBackHurriesThem(t *testing.T) {
	w := four(t)
	slow := w.Artifact(1, light.Way{Boot: 2})
	w.OK(world.DeployOf(slow, "SLIPWAY_MAX_PARALLEL=5")...)
	next := w.Artifact(2, light.Way{OnlyHost: w.name(3), Status: 500})
	// The pause and the time limit make all processes old enough to be restarted at once.
	run := w.Begin(world.DeployOf(next, "--batch-pause", "4s", "--health-timeout", "8s", "SLIPWAY_MAX_PARALLEL=1", "CI=true")...)
	w.Until("hosts to go back", func() bool { return strings.Contains(run.Stderr(), "putting every switched host back") })
	signalled := world.Now()
	run.Signal(syscall.SIGINT)
	w.CancelledTo(slow, signalled, run.Wait())
}
