package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

const workerUnit = "shop-worker.service"

// worker gives the host a second unit of the application, until the test ends.
func (w *world) worker() {
	w.Helper()
	w.root(`cd /etc/systemd/system && sed 's/PORT=4001/PORT=4002/; s/RuntimeDirectory=shop$/RuntimeDirectory=shop-worker/; s|/run/shop |/run/shop-worker |' ` + unit + ` >` + workerUnit + `
		cd /etc/sudoers.d && sed 's/shop[.]service/` + workerUnit + `/g' slipway-shop >slipway-worker && chmod 0440 slipway-worker
		systemctl daemon-reload`)
	w.cleanup("systemctl stop " + workerUnit + "; rm -f /etc/systemd/system/" + workerUnit + " /etc/sudoers.d/slipway-worker; systemctl daemon-reload")
}

// started is what a unit runs, and when it became active.
func (w *world) started(name string) (release, at string) {
	w.Helper()
	release = w.root(`tr '\0' '\n' </proc/$(systemctl show --property=MainPID --value ` + name + `)/cmdline | sed -n 's|^` + base + `/releases/\([^/]*\)/.*|\1|p'`)
	return release, w.root("printf %020d $(systemctl show --property=ActiveEnterTimestampMonotonic --value " + name + ")")
}

func TestUnitsAreRestartedInTheirOrder(t *testing.T) {
	w := anyWorld(t)
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
	check(w.deploy(1, "--units", unit+" "+workerUnit, "--ports", "4001, 4002"), unit, workerUnit)
	good := w.deploy(2, "--units", workerUnit+","+unit)
	check(good, workerUnit, unit)

	bad := w.artifact(3, light.Way{Only: 4002, Exit: status(1)})
	w.red(1, w.run("deploy", "--release-id", string(bad), "--units", unit+","+workerUnit), "the release exits: systemd had to start "+workerUnit, "put back", "light: "+string(bad)+" listens on 4001")
	check(good, unit, workerUnit) // going back has the order of the run that failed
	w.lastChange(bad, release.Reverted)

	if out := w.ok("rollback", "--units", unit+","+workerUnit); !strings.Contains(out, "live") {
		t.Error("the rollback changed nothing")
	}
	check(light.At(1), unit, workerUnit)
}

// A path unit restarts the application: the deploy user needs no sudo for that.
func TestRestartByAFlag(t *testing.T) {
	w := anyWorld(t)
	flag := base + "/restart"
	w.install("/etc/systemd/system/shop-restart.path", "[Path]\nPathModified="+flag+"\n")
	w.install("/etc/systemd/system/shop-restart.service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/usr/bin/systemctl restart "+unit+"\n")
	w.root("systemctl daemon-reload; systemctl start shop-restart.path; mv /etc/sudoers.d/slipway-shop /root/")
	w.cleanup("systemctl stop shop-restart.path; rm /etc/systemd/system/shop-restart.*; systemctl daemon-reload; mv /root/slipway-shop /etc/sudoers.d/")

	by := []string{"--restart-flag", flag}
	none := w.artifact(1, light.Way{Status: 500})
	w.red(1, w.run("deploy", "--release-id", string(none)), "may not run 'sudo /usr/bin/systemctl restart")
	good := w.deploy(2, by...)
	w.runs(good)
	bad := w.artifact(3, light.Way{Status: 500})
	w.red(1, w.run(append([]string{"deploy", "--release-id", string(bad), "--health-timeout", "2s"}, by...)...), "answers 500", "put back", "the unit log cannot be read: run 'sudo journalctl")
	w.runs(good)
	w.runs(w.deploy(4, by...))
	w.ok(append([]string{"rollback"}, by...)...)
	w.runs(good)
}

func TestRestartByACommand(t *testing.T) {
	w := anyWorld(t)
	w.runs(w.deploy(1, "SLIPWAY_RESTART_COMMAND=echo by command; sudo -n systemctl restart "+unit))
	good := w.deploy(2, "SLIPWAY_RESTART_COMMAND=sudo -n systemctl restart "+unit)
	next := w.artifact(3, light.Way{})
	before := w.root("systemctl show --property=InvocationID " + unit)
	// It fails before it has restarted anything: what runs is what ran before.
	w.red(1, w.run("deploy", "--release-id", string(next), "--health-timeout", "3s", "SLIPWAY_RESTART_COMMAND=echo it cannot; exit 7"),
		"| it cannot", "the restart command failed with exit status 7", "put back")
	w.runs(good)
	w.lastChange(next, release.Reverted)
	if after := w.root("systemctl show --property=InvocationID " + unit); after != before {
		t.Error("the unit was restarted")
	}
	// It fails once it has.
	w.red(1, w.run("deploy", "--release-id", string(next), "--health-timeout", "3s", "SLIPWAY_RESTART_COMMAND=sudo -n systemctl restart "+unit+"; exit 8"),
		"the restart command failed with exit status 8", "put back")
	w.runs(good)
	// It says that it has, and has not.
	w.red(1, w.run("deploy", "--release-id", string(next), "--health-timeout", "2s", "SLIPWAY_RESTART_COMMAND=true"), "has not been restarted yet", "put back")
	w.runs(good)
	w.ok("deploy", "--release-id", string(next))
	w.runs(next)
}
