package fleet

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

func TestADeployInParts(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.artifact(2, light.Way{})
	w.says(w.ok("stage", "--release-id", string(next), "--shard", "1/2"), "Staging of "+string(next)+".* succeeded", w.addr("web2")+" +staged")
	w.everyHostRuns(good, nil)
	w.red(1, w.run("activate", "--release-id", string(next), "--shard", "2/2"), w.addr("web3")+": release "+string(next)+" was not staged here", "nothing was switched on any host")
	w.ok("stage", "--release-id", string(next), "--shard", "2/2")
	// No build host and no artifacts any more.
	w.says(w.ok("activate", "--release-id", string(next), "--shard", "1/2", "HOME=/nowhere"), "Activation of "+string(next)+" \\(version 0.1.0, revision .*succeeded")
	half := map[string]release.ID{"web3": good, "web4": good}
	w.everyHostRuns(next, half)

	// The other half failed: all hosts are told to take it back.
	w.says(w.ok("revert", "--expect-current", string(next)), "Revert of "+string(next)+".* succeeded", w.addr("web1")+" +put back", w.addr("web3")+": runs "+string(good)+", and not "+string(next))
	w.everyHostRuns(good, nil)
	w.says(w.ok("revert", "--expect-current", string(next)), "nothing to change")
	// It is not bad for that, and what was staged still is.
	w.ok("activate", "--release-id", string(next))
	w.everyHostRuns(next, nil)
	w.says(w.ok("rollback"), "Rollback to "+string(good))
	w.everyHostRuns(good, nil)
}

func TestWhatWasChangedInBetweenIsNotOverwritten(t *testing.T) {
	w := four(t)
	old := w.deploy(1)
	good := w.deploy(2)
	next := w.artifact(3, light.Way{})
	w.ok("stage", "--release-id", string(next))
	web3 := "SLIPWAY_HOSTS=" + w.addr("web3")
	w.ok("rollback", web3)
	w.red(1, w.run("activate", "--release-id", string(next)), w.addr("web3")+": current is "+string(old)+", and was "+string(good)+" when "+string(next)+" was staged", "nothing was switched on any host")
	w.red(1, w.run("activate", "--release-id", string(next), "--expect-current", "none"), w.addr("web1")+": current is "+string(good)+", and nothing is expected")
	w.everyHostRuns(good, map[string]release.ID{"web3": old})
	// Who knows of it may say so.
	w.ok("activate", "--release-id", string(next), "--expect-current", string(old), web3)
	w.red(1, w.run("activate", "--release-id", string(next), "--expect-current", string(old)), w.addr("web1")+": current is "+string(good)+", and "+string(old)+" is expected")
	w.ok("activate", "--release-id", string(next))
	w.everyHostRuns(next, nil)

	// And a revert leaves alone what came after.
	last := w.artifact(4, light.Way{})
	w.ok("deploy", "--release-id", string(last), "SLIPWAY_HOSTS="+w.addr("web4"))
	r := w.run("revert", "--expect-current", string(next))
	w.red(1, r, w.addr("web4")+": current is "+string(last)+", and "+string(next)+" is expected")
	w.everyHostRuns(good, map[string]release.ID{"web3": old, "web4": last})
	// A deploy removes what was staged and not activated.
	w.ok("stage", "--release-id", string(next))
	w.ok("deploy", "--release-id", string(w.artifact(5, light.Way{})), "SLIPWAY_MAX_PARALLEL=8")
	w.red(1, w.run("activate", "--release-id", string(next), "SLIPWAY_HOSTS="+w.addr("web2")), "current is "+string(light.At(5))+"|was not staged here")
}

func TestARevertWhoseEarlierReleaseIsGone(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.deploy(2)
	w.root(w.lab.Host("web2"), "rm -r "+base+"/releases/"+string(good))
	w.root(w.lab.Host("web4"), "echo x >"+base+"/releases/"+string(good)+"/lib/app.py")
	w.red(1, w.run("revert", "--expect-current", string(next)),
		w.addr("web2")+": "+string(next)+" cannot be taken back: release "+string(good)+" is not on this host",
		w.addr("web4")+": "+string(next)+" cannot be taken back: ")
	w.everyHostRuns(good, map[string]release.ID{"web2": next, "web4": next})
}

func TestARevertOfTheFirstDeployLeavesNothing(t *testing.T) {
	w := four(t)
	id := w.deploy(1)
	w.ok("revert", "--expect-current", string(id))
	for name, said := range w.everywhere("ls -d " + base + "/current 2>/dev/null; systemctl is-active " + unit + " || true") {
		if said != "inactive" {
			t.Errorf("%s: %s", name, said)
		}
	}
	w.deploy(2)
	w.everyHostRuns(light.At(2), nil)
}

// A revert must not take away what ran before the deploy that failed elsewhere.
func TestARevertLeavesWhatRanBefore(t *testing.T) {
	w := four(t)
	w.deploy(1)
	next := w.deploy(2)
	w.ok("stage", "--release-id", string(next))
	w.says(w.ok("activate", "--release-id", string(next)), "nothing to change")
	w.says(w.ok("revert", "--expect-current", string(next)), "ran "+string(next)+" before it was staged: nothing to take back")
	w.everyHostRuns(next, nil)
}
