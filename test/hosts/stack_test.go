package hosts

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/world"
)

// A rollback goes to what ran before, past what failed, and not past the end.
func TestARollbackWalksDownTheStack(t *testing.T) {
	w := newWorld(t)
	r1, r2 := w.Deploy(1), w.Deploy(2)
	bad := w.bad()
	w.Red(1, w.Slipway(world.DeployOf(bad)...), "the release exits")
	r3 := w.Deploy(3)
	back := func(want release.ID) {
		t.Helper()
		w.Says(w.OK("rollback").Stdout, "Rollback to "+string(want))
		w.runs(want)
	}
	w.runs(r3)
	back(r2)
	// A target that is not what was built is refused, with the next one's name.
	w.root("echo damaged >>" + base + "/releases/" + string(r1) + "/lib/app.py")
	before := w.State()
	w.Red(1, w.Slipway("rollback"), "lib/app.py", "are not what was built")
	w.Same(before)
	w.root("sed -i '$d' " + base + "/releases/" + string(r1) + "/lib/app.py")
	back(r1)
	w.Red(1, w.Slipway("rollback"), "nothing to roll back to")
	w.runs(r1)
	w.isListed(map[release.ID][]string{r1: {"current", "running"}, r2: {"rolled-back"}, r3: {"rolled-back"}},
		"deploy "+string(r1)+" live", "deploy "+string(r2)+" live", "deploy "+string(bad)+" reverted", "deploy "+string(r3)+" live",
		"rollback "+string(r2)+" live", "rollback "+string(r1)+" live")
}
