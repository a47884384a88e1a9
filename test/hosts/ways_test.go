package hosts

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

const workerUnit = "shop-worker.service"

// worker gives the host a second unit of the application, until the test ends.
func (w *webHost) worker() {
	w.Helper()
	w.root(`cd /etc/systemd/system && sed 's/PORT=4001/PORT=4002/; s/RuntimeDirectory=shop$/RuntimeDirectory=shop-worker/; s|/run/shop |/run/shop-worker |' ` + unit + ` >` + workerUnit + `
		cd /etc/sudoers.d && sed 's/shop[.]service/` + workerUnit + `/g' slipway-shop >slipway-worker && chmod 0440 slipway-worker
		systemctl daemon-reload`)
	w.cleanup("systemctl stop " + workerUnit + "; rm -f /etc/systemd/system/" + workerUnit + " /etc/sudoers.d/slipway-worker; systemctl daemon-reload")
}

// started returns what a unit runs, and when it became active.
func (w *webHost) started(name string) (release, at string) {
	w.Helper()
	release = w.root(`tr '\0' '\n' </proc/$(systemctl show --property=MainPID --value ` + name + `)/cmdline | sed -n 's|^` + base + `/releases/\([^/]*\)/.*|\1|p'`)
	return release, w.root("printf %020d $(systemctl show --property=ActiveEnterTimestampMonotonic --value " + name + ")")
}

// invocation tells one start of the application from another.
func (w *webHost) invocation() string {
	w.Helper()
	return w.root("systemctl show --property=InvocationID,MainPID " + unit)
}

func TestUnitsAreRestartedInTheirOrder(t *testing.T) {
	w := newWorld(t)
	w.worker()
	check := func(id release.ID, first, then string) {
		t.Helper()
		w.runs(id)
		ran, at := w.started(first)
		ranThen, atThen := w.started(then)
		if ran != string(id) || ranThen != string(id) || at >= atThen {
			t.Errorf("%s runs %s since %s, %s runs %s since %s, want %s in this order", first, ran, at, then, ranThen, atThen, id)
		}
	}
	good := w.Deploy(2, "--units", workerUnit+","+unit, "--ports", "4001, 4002")
	check(good, workerUnit, unit)

	bad := w.Artifact(3, light.Way{Only: 4002, Exit: status(1)})
	w.Red(1, w.Slipway(world.DeployOf(bad, "--units", unit+","+workerUnit)...), "the release exits: systemd had to start "+workerUnit, "put back", "light: "+string(bad)+" listens on 4001")
	check(good, unit, workerUnit) // going back has the order of the run that failed
	w.lastChange(bad, release.Reverted)
}

// A path unit restarts the application: the deploy user needs no sudo for that.
func TestRestartByAFlag(t *testing.T) {
	w := newWorld(t)
	flag := base + "/restart"
	w.install("/etc/systemd/system/shop-restart.path", "[Path]\nPathModified="+flag+"\n")
	w.install("/etc/systemd/system/shop-restart.service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/usr/bin/systemctl restart "+unit+"\n")
	w.root("systemctl daemon-reload; systemctl start shop-restart.path; mv /etc/sudoers.d/slipway-shop /root/")
	w.cleanup("systemctl stop shop-restart.path; rm /etc/systemd/system/shop-restart.*; systemctl daemon-reload; mv /root/slipway-shop /etc/sudoers.d/")

	good := w.Deploy(1, "--restart-flag", flag)
	w.runs(good)
	bad := w.Artifact(2, light.Way{Status: 500})
	w.Red(1, w.Slipway(world.DeployOf(bad, "--restart-flag", flag, failsSoon)...), "answers 500", "put back", "the unit log cannot be read: run 'sudo journalctl")
	w.runs(good)
}

func TestRestartByACommand(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1, "SLIPWAY_RESTART_COMMAND=echo by command; sudo -n systemctl restart "+unit)
	w.runs(good)
	next := w.Artifact(2, light.Way{})
	before := w.invocation()
	// It fails before it has restarted anything: what runs is what ran before.
	w.Red(1, w.Slipway(world.DeployOf(next, "SLIPWAY_RESTART_COMMAND=echo it cannot; exit 7")...),
		"| it cannot", "the restart command failed with exit status 7", "put back")
	w.runs(good)
	w.lastChange(next, release.Reverted)
	if w.invocation() != before {
		t.Error("the unit was restarted")
	}
}
