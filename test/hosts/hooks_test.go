package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestBeforeActivateRunsWhileTheOldReleaseServes(t *testing.T) {
	w := newWorld(t)
	old := w.Deploy(1, w.env("GREETING=old\n")...)
	before := `
		curl --silent ` + health + ` >/tmp/hook-served
		bin/shop eval 'import os; print("greeting is", os.environ["GREETING"])'
		echo "in $(pwd -P) as $(id -un), next is $(readlink ` + base + `/next)"
		` + base + `/next/bin/shop eval 'print("by next")'
		echo "release tmp $RELEASE_TMP"; test -w "$RELEASE_TMP"
		printf 'not a line'`
	id := w.Artifact(2, light.Way{})
	r := w.Slipway(world.DeployOf(id, append(w.env("GREETING=new\n"), "SLIPWAY_BEFORE_ACTIVATE="+before)...)...)
	w.Red(0, r, "| greeting is new", "| in "+base+"/releases/"+string(id)+" as deploy, next is activations/", "| by next", "| not a line", "before-activate ended well")
	if got := w.root("cat /tmp/hook-served; rm /tmp/hook-served"); !strings.Contains(got, string(old)) || !strings.Contains(got, `"greeting": "old"`) {
		t.Errorf("while the hook ran, %s answered", got)
	}
	w.greets(id, "new") // which also checks that next is gone
}

// What fails after the switch takes everything back; the contract has what fails
// before it.
func TestAHookThatFailsAfterTheSwitch(t *testing.T) {
	w := newWorld(t)
	old := w.Deploy(1, w.env("GREETING=old\n")...)
	id := w.Artifact(2, light.Way{})
	words := append(w.env("GREETING=new\n"), "SLIPWAY_BEFORE_ACTIVATE=echo migrated", "SLIPWAY_AFTER_ACTIVATE=curl --silent "+health+"; echo; echo to stderr >&2; false; echo two")
	r := w.Slipway(world.DeployOf(id, words...)...)
	w.Red(1, r, "| migrated", `| {"status": "ok", "release": "`+string(id)+`", "greeting": "new"`, "| to stderr", "the commands of after-activate failed with exit status 1", "put back")
	w.silent(r, "| two")
	w.greets(old, "old")
	w.lastChange(id, release.Reverted)
}
