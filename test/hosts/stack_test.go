package hosts

import (
	"context"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

func status(n int) *int { return &n }

// R1..R4 through the stack rule, with failed ones between.
func TestARollbackWalksDownTheStack(t *testing.T) {
	w := anyWorld(t)
	r1, r2 := w.deploy(1), w.deploy(2)
	w.red(1, w.run("deploy", "--release-id", string(w.artifact(10, light.Way{Exit: status(1)}))), "the release exits")
	w.runs(r2)
	r3 := w.deploy(3)
	w.red(1, w.run("deploy", "--release-id", string(w.artifact(11, light.Way{Status: 500})), "--health-timeout", "2s"), "answers 500")
	w.runs(r3)
	back := func(want release.ID) {
		t.Helper()
		if out := w.ok("rollback"); !strings.Contains(out, "Rollback to "+string(want)) {
			t.Errorf("the rollback went elsewhere, want %s", want)
		}
		w.runs(want)
	}
	back(r2)
	back(r1)
	r4 := w.deploy(4)
	w.runs(r4)
	back(r1)
	w.red(1, w.run("rollback"), "nothing to roll back to")
	w.runs(r1)
	w.ok("rollback", "--release-id", string(r3)) // it is not in the stack: it is pushed
	w.runs(r3)
	back(r1)
}

// A repair that may not restart the unit says what runs, and leaves the link to
// what was proved; once it may, the next run ends it.
func TestARepairThatCannotRestartSaysWhatRuns(t *testing.T) {
	w := anyWorld(t)
	first, second := w.deploy(1), w.deploy(2)
	w.root(`set -e; cd ` + base + `/.slipway
		tail -n 1 history.jsonl | sed 's/"key":"[^"]*"/"key":"20240101T000000.000000001"/; s/,"outcome":"live"//' >change
		sed -i '$d' history.jsonl; chown deploy:deploy change history.jsonl
		mkdir -p /run/systemd/system/` + unit + `.d; printf '[Unit]\nRefuseManualStop=yes\n' >/run/systemd/system/` + unit + `.d/test.conf; systemctl daemon-reload`)
	allow := "rm -rf /run/systemd/system/" + unit + ".d; systemctl daemon-reload"
	w.Cleanup(func() {
		if _, err := w.host.Run(context.Background(), nil, "sh", "-c", allow); err != nil {
			w.Error(err)
		}
	})
	w.red(1, w.run("rollback"), "going back to "+string(first)+" failed", "systemctl restart "+unit+" failed",
		"it runs "+string(second)+", and current leads to "+string(first))
	if got := w.root("readlink " + base + "/current; ls " + base + "/.slipway/change"); got != "releases/"+string(first)+"\n"+base+"/.slipway/change" {
		t.Errorf("the host has %s", got)
	}
	w.root(allow)
	out := w.run("rollback")
	w.red(0, out, "repaired: a run of ", "back on "+string(first))
	w.runs(first)
}
