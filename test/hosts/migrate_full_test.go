//go:build full

package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// A migration that failed does not keep the next one from running.
func TestAMigrationThatWorksTheSecondTime(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	w.migratable(`import sys; print("no database"); sys.exit(3)`)
	two := w.Artifact(2, light.Way{})
	w.Red(1, w.Slipway(world.DeployOf(two, "--migrate")...), "no database")
	w.migratable(`print("repaired")`)
	w.Red(0, w.Slipway(world.DeployOf(two, "--migrate")...), "repaired")
	w.runs(two)
	if out := w.OK("history").Stdout; strings.Count(out, "migrate") < 2 || !strings.Contains(out, "started") {
		t.Errorf("%s", out)
	}
}
