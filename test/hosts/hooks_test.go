package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

func TestBeforeActivateRunsWhileTheOldReleaseServes(t *testing.T) {
	w := anyWorld(t)
	old := w.deploy(1, w.env("GREETING=old\n")...)
	before := `
		curl --silent ` + health + ` >/tmp/hook-served
		bin/shop eval 'import os; print("greeting is", os.environ["GREETING"])'
		echo "in $(pwd -P) as $(id -un), next is $(readlink ` + base + `/next)"
		` + base + `/next/bin/shop eval 'print("by next")'
		echo "release tmp $RELEASE_TMP"; test -w "$RELEASE_TMP"
		printf 'not a line'`
	id := w.artifact(2, light.Way{})
	r := w.run(append([]string{"deploy", "--release-id", string(id), "SLIPWAY_BEFORE_ACTIVATE=" + before}, w.env("GREETING=new\n")...)...)
	w.red(0, r, "| greeting is new", "| in "+base+"/releases/"+string(id)+" as deploy, next is activations/", "| by next", "| not a line", "before-activate ended well")
	if got := w.root("cat /tmp/hook-served; rm /tmp/hook-served"); !strings.Contains(got, string(old)) || !strings.Contains(got, `"greeting": "old"`) {
		t.Errorf("while the hook ran, %s answered", got)
	}
	w.greets(id, "new") // which also checks that next is gone
}

func TestAFailingHook(t *testing.T) {
	w := anyWorld(t)
	old := w.deploy(1, w.env("GREETING=old\n")...)
	id := w.artifact(2, light.Way{})
	invocation, history := w.invocation(), len(w.changes())
	env := w.env("GREETING=new\n")
	deploy := func(words ...string) []string {
		return append(append([]string{"deploy", "--release-id", string(id)}, env...), words...)
	}
	w.red(1, w.run(deploy("SLIPWAY_BEFORE_ACTIVATE=echo one; false; echo two")...), "| one", "the commands of before-activate failed with exit status 1", "nothing was switched")
	w.greets(old, "old")
	if w.invocation() != invocation || len(w.changes()) != history {
		t.Error("something was switched")
	}
	r := w.run(deploy("SLIPWAY_BEFORE_ACTIVATE=echo migrated", "SLIPWAY_AFTER_ACTIVATE=curl --silent "+health+"; echo; echo to stderr >&2; exit 9")...)
	w.red(1, r, "| migrated", `| {"status": "ok", "release": "`+string(id)+`", "greeting": "new"`, "| to stderr", "the commands of after-activate failed with exit status 9", "put back")
	if strings.Contains(r.Stderr, "| two") {
		t.Error("a hook went on after its first error")
	}
	w.greets(old, "old")
	w.lastChange(id, release.Reverted)

	r = w.run(deploy("SLIPWAY_AFTER_ACTIVATE=test ! -e " + base + "/next && bin/shop eval 'print(\"after it\")'")...)
	w.red(0, r, "| after it", "after-activate ended well")
	w.greets(id, "new")
}
