//go:build full

package hosts

import (
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestAHookThatFailsBeforeTheSwitch(t *testing.T) {
	w := newWorld(t)
	old := w.Deploy(1, w.env("GREETING=old\n")...)
	id := w.Artifact(2, light.Way{})
	invocation, history := w.invocation(), len(w.changes())
	r := w.Slipway(world.DeployOf(id, append(w.env("GREETING=new\n"), "SLIPWAY_BEFORE_ACTIVATE=echo one; false; echo two")...)...)
	w.Red(1, r, "| one", "the commands of before-activate failed with exit status 1", "nothing was switched")
	w.silent(r, "| two")
	w.greets(old, "old")
	if w.invocation() != invocation || len(w.changes()) != history {
		t.Error("something was switched")
	}
	r = w.Slipway(world.DeployOf(id, append(w.env("GREETING=new\n"), "SLIPWAY_AFTER_ACTIVATE=test ! -e "+base+"/next && bin/shop eval 'print(\"after it\")'")...)...)
	w.Red(0, r, "| after it", "after-activate ended well")
	w.greets(id, "new")
}
