//go:build full

package fleet

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestADeployInHalves(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.Artifact(2, light.Way{})
	w.Matches(w.OK("stage", "--release-id", string(next), "--shard", "1/2").Said(), "Staging of "+string(next)+" ", " is staged \\(", w.addr(1)+" +staged")
	w.runs(good, nil)
	w.refuses(w.Slipway("activate", "--release-id", string(next), "--shard", "2/2"), w.addr(2)+": release "+string(next)+" was not staged here", "nothing was switched on any host")
	w.OK("stage", "--release-id", string(next), "--shard", "2/2")
	// No build host and no artifacts any more.
	w.Matches(w.OK("activate", "--release-id", string(next), "--shard", "1/2", "HOME=/nowhere").Said(), "Activation of "+string(next)+" \\(version 0.1.0, revision ", " is live in production \\(")
	w.runs(next, map[int]release.ID{2: good, 3: good})

	// The other half failed: all hosts are told to take it back.
	w.Matches(w.OK("revert", "--expect-current", string(next)).Said(), "Revert of "+string(next)+" ", " is taken back in production \\(", w.addr(0)+" +put back", w.addr(2)+": runs "+string(good)+", and not "+string(next))
	w.runs(good, nil)
	w.Matches(w.OK("revert", "--expect-current", string(next)).Said(), "nothing to change")
	// It is not bad for that, and what was staged still is.
	w.OK("activate", "--release-id", string(next))
	w.runs(next, nil)
	w.Matches(w.OK("rollback").Said(), "Rollback to "+string(good))
	w.runs(good, nil)
}

func TestWhatWasChangedInBetweenIsNotOverwritten(t *testing.T) {
	w := four(t)
	old := w.deploy(1)
	good := w.deploy(2)
	next := w.Artifact(3, light.Way{})
	w.OK("stage", "--release-id", string(next))
	w.OK("rollback", w.only(2))
	w.refuses(w.Slipway("activate", "--release-id", string(next)), w.addr(2)+": current is "+string(old)+", and was "+string(good)+" when "+string(next)+" was staged", "nothing was switched on any host")
	w.refuses(w.Slipway("activate", "--release-id", string(next), "--expect-current", "none"), w.addr(0)+": current is "+string(good)+", and nothing is expected")
	w.runs(good, map[int]release.ID{2: old})
	// Who knows of it may say so.
	w.OK("activate", "--release-id", string(next), "--expect-current", string(old), w.only(2))
	w.refuses(w.Slipway("activate", "--release-id", string(next), "--expect-current", string(old)), w.addr(0)+": current is "+string(good)+", and "+string(old)+" is expected")
	w.OK("activate", "--release-id", string(next))
	w.runs(next, nil)

	// And a revert leaves alone what came after.
	last := w.Artifact(4, light.Way{})
	w.OK(world.DeployOf(last, w.only(3))...)
	r := w.Slipway("revert", "--expect-current", string(next))
	w.refuses(r, w.addr(3)+": current is "+string(last)+", and "+string(next)+" is expected")
	w.runs(good, map[int]release.ID{2: old, 3: last})
	// A deploy removes what was staged and not activated.
	w.OK("stage", "--release-id", string(next))
	w.deploy(5)
	w.refuses(w.Slipway("activate", "--release-id", string(next), w.only(1)), "current is "+string(light.At(5))+"|was not staged here")
}

func TestARevertWhoseEarlierReleaseIsGone(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.deploy(2)
	w.Root(w.Hosts[1], "rm -r "+base+"/releases/"+string(good))
	w.Root(w.Hosts[3], "echo x >"+base+"/releases/"+string(good)+"/lib/app.py")
	w.refuses(w.Slipway("revert", "--expect-current", string(next)),
		w.addr(1)+": "+string(next)+" cannot be taken back: release "+string(good)+" is not on this host",
		w.addr(3)+": "+string(next)+" cannot be taken back: ")
	w.runs(good, map[int]release.ID{1: next, 3: next})
}

func TestARevertOfTheFirstDeployLeavesNothing(t *testing.T) {
	w := four(t)
	id := w.deploy(1)
	w.OK("revert", "--expect-current", string(id))
	for name, said := range w.Everywhere("ls -d " + base + "/current 2>/dev/null; systemctl is-active " + world.Unit + " || true") {
		if said != "inactive" {
			t.Errorf("%s: %s", name, said)
		}
	}
	w.deploy(2)
	w.runs(light.At(2), nil)
}

// A revert must not take away what ran before the deploy that failed elsewhere.
func TestARevertLeavesWhatRanBefore(t *testing.T) {
	w := four(t)
	w.deploy(1)
	next := w.deploy(2)
	w.OK("stage", "--release-id", string(next))
	w.Matches(w.OK("activate", "--release-id", string(next)).Said(), "nothing to change")
	w.Matches(w.OK("revert", "--expect-current", string(next)).Said(), "ran "+string(next)+" before it was staged: nothing to take back")
	w.runs(next, nil)
}
