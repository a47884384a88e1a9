//go:build full

package hosts

import (
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestUnitsGoBackInTheirOrder(t *testing.T) {
	w := newWorld(t)
	w.worker()
	first := w.Deploy(1, "--units", unit+" "+workerUnit)
	w.Deploy(2, "--units", workerUnit+","+unit)
	w.Says(w.OK("rollback", "--units", unit+","+workerUnit).Stdout, "live")
	_, at := w.started(unit)
	ran, then := w.started(workerUnit)
	if ran != string(first) || at >= then {
		t.Errorf("%s runs %s since %s, %s since %s", workerUnit, ran, then, unit, at)
	}
	w.runs(first)
}

func TestARestartCommandThatFailsLateOrDoesNothing(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1, "SLIPWAY_RESTART_COMMAND=sudo -n systemctl restart "+unit)
	next := w.Artifact(2, light.Way{})
	w.Red(1, w.Slipway(world.DeployOf(next, "SLIPWAY_RESTART_COMMAND=sudo -n systemctl restart "+unit+"; exit 8")...),
		"the restart command failed with exit status 8", "put back")
	w.runs(good)
	w.Red(1, w.Slipway(world.DeployOf(next, failsSoon, "SLIPWAY_RESTART_COMMAND=true")...), "has not been restarted yet", "put back")
	w.runs(good)
	w.OK(world.DeployOf(next)...)
	w.runs(next)
}

// Without the flag the deploy user needs its rules.
func TestAFlagTakesThePlaceOfRules(t *testing.T) {
	w := newWorld(t)
	w.root("mv /etc/sudoers.d/slipway-shop /root/")
	w.cleanup("mv /root/slipway-shop /etc/sudoers.d/")
	w.Red(1, w.Slipway(world.DeployOf(w.good())...), "sudo shows deploy no rules", "run the setup phase or add the rules", "with NOPASSWD: /usr/bin/systemctl restart "+unit)
}
