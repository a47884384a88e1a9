package hosts

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// Hooks run as the deploy user in the new release with its environment, the first
// one while the old release serves; if the last one fails, everything goes back.
func TestHooksRunBeforeAndAfterTheSwitch(t *testing.T) {
	w := newWorld(t)
	old := w.Deploy(1, w.env("GREETING=old\n")...)
	before := `
		curl --silent ` + health + ` >/tmp/hook-served
		bin/shop eval 'import os; print("greeting is", os.environ["GREETING"])'
		echo "in $(pwd -P) as $(id -un), next is $(readlink ` + base + `/next)"
		` + base + `/next/bin/shop eval 'print("by next")'
		echo "release tmp $RELEASE_TMP"; test -w "$RELEASE_TMP"
		printf 'not a line'`
	after := "curl --silent " + health + "; echo; echo to stderr >&2; test ! -e " + base + "/next; false; echo two"
	id := w.Artifact(2, light.Way{})
	r := w.Slipway(world.DeployOf(id, append(w.env("GREETING=new\n"), "SLIPWAY_BEFORE_ACTIVATE="+before, "SLIPWAY_AFTER_ACTIVATE="+after)...)...)
	w.Red(1, r, "| greeting is new", "| in "+base+"/releases/"+string(id)+" as deploy, next is activations/", "| by next", "| not a line", "before-activate ended well",
		`| {"status": "ok", "release": "`+string(id)+`", "greeting": "new"`, "| to stderr", "the commands of after-activate failed with exit status 1", "put back")
	w.silent(r, "| two")
	w.Says(w.root("cat /tmp/hook-served; rm /tmp/hook-served"), string(old), `"greeting": "old"`)
	w.greets(old, "old")
	w.lastChange(id, release.Reverted)
}
