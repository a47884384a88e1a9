package hosts

import (
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
