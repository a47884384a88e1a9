package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/world"
)

// env makes an environment file and returns the flag for it.
func (w *webHost) env(text string) []string {
	w.Helper()
	return []string{"--env-file", w.File(text)}
}

// greets checks which release runs, and with which environment.
func (w *webHost) greets(id release.ID, greeting string) {
	w.Helper()
	w.runs(id)
	if got := w.answer().Greeting; got != greeting {
		w.Errorf("it greets with %q, want %q", got, greeting)
	}
}

// Release and environment are one thing: switched, put back and rolled back
// together.
func TestTheEnvironmentGoesWithTheRelease(t *testing.T) {
	w := newWorld(t)
	first := w.Deploy(1, w.env("GREETING=one\n")...)
	w.greets(first, "one")
	if got := w.root("stat -c '%a %U:%G' " + base + "/activations/*/environment"); got != "640 deploy:shop" {
		t.Errorf("the file is %s", got)
	}
	// The same environment is nothing to change, and another one a change like any.
	before := w.State()
	w.Says(w.OK(world.DeployOf(first, w.env("# the same\nexport GREETING='one'\n")...)...).Stdout, "nothing to change")
	w.Same(before)
	w.OK(world.DeployOf(first, w.env("GREETING=two\n")...)...)
	w.greets(first, "two")
	// Nothing is left of what a failed deploy brought.
	w.Red(1, w.Slipway(world.DeployOf(w.bad(), w.env("GREETING=three\n")...)...), "put back")
	w.greets(first, "two")
	if got := w.root("cat " + base + "/activations/*/environment"); strings.Contains(got, "three") {
		t.Errorf("the environment of what failed is still there:\n%s", got)
	}
	w.OK("rollback")
	w.greets(first, "one")
}
