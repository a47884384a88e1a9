//go:build full

package hosts

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// R1..R4 through the stack rule, with failed ones between.
func TestTheStackGrowsAndShrinks(t *testing.T) {
	w := newWorld(t)
	r1 := w.Deploy(1)
	w.Deploy(2)
	w.Red(1, w.Slipway(world.DeployOf(w.Artifact(11, light.Way{Status: 500}), failsSoon)...), "answers 500")
	r3 := w.Deploy(3)
	back := func(want release.ID) {
		t.Helper()
		w.Says(w.OK("rollback").Stdout, "Rollback to "+string(want))
		w.runs(want)
	}
	back(light.At(2))
	back(r1)
	w.runs(w.Deploy(4))
	back(r1)
	w.OK("rollback", "--release-id", string(r3)) // it is not in the stack: it is pushed
	w.runs(r3)
	back(r1)
}

// A repair that may not restart the unit says what runs, and leaves the link to
// what was proved; once it may, the next run ends it.
func TestARepairThatCannotRestartSaysWhatRuns(t *testing.T) {
	w := newWorld(t)
	first, second := w.Deploy(1), w.Deploy(2)
	w.root(`set -e; cd ` + base + `/.slipway
		tail -n 1 history.jsonl | sed 's/"key":"[^"]*"/"key":"20240101T000000.000000001"/; s/,"outcome":"live"//' >change
		sed -i '$d' history.jsonl; chown deploy:deploy change history.jsonl
		mkdir -p /run/systemd/system/` + unit + `.d; printf '[Unit]\nRefuseManualStop=yes\n' >/run/systemd/system/` + unit + `.d/test.conf; systemctl daemon-reload`)
	allow := "rm -rf /run/systemd/system/" + unit + ".d; systemctl daemon-reload"
	w.cleanup(allow)
	w.Red(1, w.Slipway("rollback"), "going back to "+string(first)+" failed", "systemctl restart "+unit+" failed",
		"it runs "+string(second)+", and current leads to "+string(first))
	if got := w.root("readlink " + base + "/current; ls " + base + "/.slipway/change"); got != "releases/"+string(first)+"\n"+base+"/.slipway/change" {
		t.Errorf("the host has %s", got)
	}
	w.root(allow)
	out := w.Slipway("rollback")
	w.Red(0, out, "repaired: a run of ", "back on "+string(first))
	w.runs(first)
}
