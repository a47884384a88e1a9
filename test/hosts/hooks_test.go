package hosts

import (
	"strings"
	"syscall"
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

// Commands end with the run that started them, however it ends, and before the
// next run begins.
func TestCommandsEndWithTheirRun(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	// Nobody may read what they say when they end.
	commands := `exec >/dev/null 2>&1; echo "begin $$" >>/tmp/order
		trap 'echo "end $$" >>/tmp/order; exit 1' TERM
		for i in $(seq 100); do sleep 0.1 || :; done; echo "over $$" >>/tmp/order`
	for n, by := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGKILL} {
		run := w.Begin(world.DeployOf(w.Artifact(2+n, light.Way{}), "SLIPWAY_BEFORE_ACTIVATE="+commands)...)
		w.Until("the commands to begin", func() bool {
			return strings.Count(w.root("cat /tmp/order 2>/dev/null || true"), "begin") == n+1
		})
		run.Signal(by)
		run.Wait()
		w.OK(world.DeployOf(w.Artifact(10+n, light.Way{}), "--wait-for-lock", "2m", "SLIPWAY_BEFORE_ACTIVATE=cat /tmp/order >/tmp/seen")...)
		if seen := w.root("cat /tmp/seen"); strings.Count(seen, "end") != n+1 || strings.Contains(seen, "over") {
			t.Errorf("after %s the next run's commands begin while those of the last one run:\n%s", by, seen)
		}
	}
	w.Says(w.root("ls -A "+base+"/.slipway | grep scratch; ls "+base+"/next 2>&1; rm /tmp/order /tmp/seen; true"), "No such file")
}

// A command may leave something in the background that holds its output. That
// must not hold up the run.
func TestCommandsMayLeaveSomethingInTheBackground(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	id := w.Artifact(2, light.Way{})
	leaves := "sleep 3000 & echo $! >>/tmp/left"
	r := w.OK(world.DeployOf(id, "SLIPWAY_BEFORE_ACTIVATE="+leaves, "SLIPWAY_AFTER_ACTIVATE="+leaves,
		"SLIPWAY_RESTART_COMMAND=sudo systemctl restart shop.service; "+leaves)...)
	if n := strings.Count(r.Said(), "what this command has left running still holds its output"); n != 3 {
		t.Errorf("it is said %d times:\n%s", n, r.Said())
	}
	w.Runs(id, nil)
	w.root("kill $(cat /tmp/left); rm /tmp/left")
}
