//go:build full

package hosts

import (
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestPruneKeepsWhatAProcessRunsFrom(t *testing.T) {
	w := newWorld(t)
	first := w.Deploy(1, "--keep-releases", "2")
	w.root("bash -c 'exec -a " + base + "/releases/" + string(first) + "/erts/bin/epmd sleep 600' >/dev/null 2>&1 & echo $! >/run/old")
	w.cleanup("kill $(cat /run/old) 2>/dev/null; true")
	w.Deploy(2, "--keep-releases", "2")
	third := w.Artifact(3, light.Way{})
	w.Red(0, w.Slipway(world.DeployOf(third, "--keep-releases", "2")...), "kept "+string(first)+": a process still runs from it")
	w.root("test -e " + base + "/releases/" + string(first) + "/lib/app.py; kill $(cat /run/old)")
	fourth := w.Artifact(4, light.Way{})
	w.Red(0, w.Slipway(world.DeployOf(fourth, "--keep-releases", "2")...), "removed "+string(first))
}

// A deploy that works is not red because of what is left of others.
func TestPruneThatFailsIsANotice(t *testing.T) {
	w := newWorld(t)
	first := w.Deploy(1, "--keep-releases", "2")
	stuck := base + "/releases/" + string(first) + "*/lib/app.py"
	w.root("chattr +i " + stuck)
	w.cleanup("chattr -i " + stuck + " 2>/dev/null; true")
	w.Deploy(2, "--keep-releases", "2")
	third := w.Artifact(3, light.Way{})
	w.Red(0, w.Slipway(world.DeployOf(third, "--keep-releases", "2")...), "note: ", "old releases were not removed", "Operation not permitted")
	w.root("! test -e " + base + "/releases/" + string(first)) // never half a release under its name
	fourth := w.Artifact(4, light.Way{})
	w.Red(0, w.Slipway(world.DeployOf(fourth, "--keep-releases", "2")...), "old releases were not removed")
	w.root("! test -e " + base + "/releases/20240102T000000") // what can go went
	if got := w.answer().Release; got != string(fourth) {
		t.Errorf("%s answers", got)
	}
	w.Red(0, w.Slipway("rollback"), "note: ", "cannot remove the leftovers of dead runs", "Rollback to "+string(third))
	w.root("chattr -i " + stuck)
	w.runs(w.Deploy(5, "--keep-releases", "2"))
}
