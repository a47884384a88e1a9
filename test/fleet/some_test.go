package fleet

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// One host cannot be reached, another one fails: as many as max-failures says may
// stay on what they run, and no more.
func TestSomeHostsMayStay(t *testing.T) {
	w := newFleet(t, 3)
	good := w.deploy(1)
	next := w.Artifact(2, light.Way{OnlyHost: w.name(1), Exit: status(3)})
	w.lockOut(2)
	w.refuses(w.Slipway(world.DeployOf(next, "--max-failures", "0")...), w.addr(2)+": deploy is not let in", "nothing was switched on any host")
	w.refuses(w.Slipway(world.DeployOf(next, "--max-failures", "1")...), w.addr(1)+": .*the release exits", "putting every switched host back")
	w.runs(good, nil)
	r := w.OK(world.DeployOf(next, "--max-failures", "2")...)
	w.Matches(r.Said(), " is live in production on only 1 of 3 servers: ", "2 hosts of 3 stay on what they ran, as max-failures allows", w.addr(1)+": .*the release exits")
	w.runs(next, map[int]release.ID{1: good, 2: good})
}

// A host that cannot be reached, and one that fails, stop no rollback.
func TestARollbackGoesOn(t *testing.T) {
	w := newFleet(t, 3)
	old := w.Artifact(1, light.Way{OnlyHost: w.name(1), Exit: status(0), After: 8})
	w.OK(world.DeployOf(old, "SLIPWAY_MAX_PARALLEL=8")...)
	bad := w.deploy(2)
	w.lockOut(2)
	r := w.Slipway("rollback", "--settle", "10s", "SLIPWAY_MAX_PARALLEL=100%")
	w.refuses(r, w.addr(2)+": deploy is not let in", w.addr(1)+": .*ended by itself")
	w.runs(old, map[int]release.ID{1: bad, 2: bad})
}
