package fleet

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// A deploy in halves changes each host once, and takes back what it changed and
// nothing else.
func TestADeployInParts(t *testing.T) {
	w := four(t)
	old, good := w.deploy(1), w.deploy(2)
	next := w.Artifact(3, light.Way{})
	w.Matches(w.OK("stage", "--release-id", string(next)).Said(), "Staging of "+string(next)+" ", " is staged \\(", w.addr(1)+" +staged")
	w.runs(good, nil)
	// No build host and no artifacts any more.
	activate := []string{"activate", "--release-id", string(next), "HOME=/nowhere"}
	w.Matches(w.OK(append(activate, "--shard", "1/2")...).Said(), "Activation of "+string(next)+" \\(version 0.1.0, revision ", " is live in production \\(")
	w.runs(next, map[int]release.ID{2: good, 3: good})

	// In between, somebody changes a host of the other half.
	w.OK("rollback", w.only(3))
	w.refuses(w.Slipway(append(activate, "--shard", "2/2")...),
		w.addr(3)+": current is "+string(old)+", and was "+string(good)+" when "+string(next)+" was staged", "nothing was switched on any host")
	// And one of the half that is done.
	last := w.Artifact(4, light.Way{})
	w.OK("deploy", "--release-id", string(last), w.only(0))
	w.refuses(w.Slipway("revert", "--expect-current", string(next)), w.addr(0)+": current is "+string(last)+", and "+string(next)+" is expected",
		w.addr(1)+" +put back", w.addr(2)+": runs "+string(good)+", and not "+string(next))
	w.runs(good, map[int]release.ID{0: last, 3: old})
}
