//go:build full

package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestWhatGitKnowsOfTwoReleases(t *testing.T) {
	w := newWorld(t)
	_, _, newest, beside := w.mirror()
	quiet := func(id release.ID) {
		t.Helper()
		r := w.Slipway(world.DeployOf(id)...)
		w.Red(0, r)
		if strings.Contains(r.Stderr, "nobody knows") {
			t.Error("git knows, and was not asked")
		}
		w.runs(id)
	}
	quiet(w.of(3, newest))
	quiet(w.of(4, beside))
	quiet(w.of(5, beside)) // the same commit, built again
	unknown := w.of(6, strings.Repeat("e", 40))
	w.Red(0, w.Slipway(world.DeployOf(unknown)...), "note: ", "nobody knows whether release "+string(unknown)+" (revision eeeeeeeeeeee) is older than what runs")
	w.runs(unknown)
}

// A revision that is live is bad no more.
func TestAnotherBuildOfWhatWasRolledBack(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	bad := w.Deploy(2)
	w.OK("rollback")
	again := w.Put(light.Release{ID: light.At(3), Revision: light.RevisionOf(bad)})
	w.Red(1, w.Slipway(world.DeployOf(again)...), "was rolled back at")
	w.OK(world.DeployOf(bad, "--force")...)
	w.OK(world.DeployOf(again)...)
	w.runs(again)
}
