//go:build full

package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// An environment that breaks a release, none at all, and an empty one.
func TestAnEnvironmentThatFailsOrIsMissing(t *testing.T) {
	w := newWorld(t)
	first := w.Deploy(1, w.env("GREETING=one\n")...)
	w.Red(1, w.Slipway(world.DeployOf(first, append(w.env("GREETING=four\nPORT=4009\n"), failsSoon)...)...), "no answer", "put back")
	w.greets(first, "one")
	if got := w.root("cat " + base + "/activations/*/environment"); strings.Contains(got, "four") {
		t.Errorf("the environment of what failed is still there:\n%s", got)
	}
	w.greets(w.Deploy(4), "one") // none given: that of the host stays
	w.greets(w.Deploy(5, w.env("# none any more\n")...), "")
	if got := w.root("readlink " + base + "/current"); strings.Contains(got, "activations") {
		t.Errorf("current is %s", got)
	}
	w.OK("rollback")
	w.greets(light.At(4), "one")
}

func TestPruneRemovesTheActivationsOfWhatFailed(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1, w.env("GREETING=good\n")...)
	w.Red(1, w.Slipway(world.DeployOf(w.bad(), w.env("GREETING=bad\n")...)...), "put back")
	w.Deploy(2, w.env("GREETING=better\n")...)
	if got := w.root("cat " + base + "/activations/*/environment"); strings.Contains(got, "bad") {
		t.Errorf("left over: %s", got)
	}
	w.OK("rollback")
	w.greets(good, "good")
}
