//go:build full

package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestTheFirstHostIsTheGatekeeper(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	bad := w.Artifact(2, light.Way{Exit: status(3)})
	// Not even max-failures lets more than one host see it.
	r := w.Slipway(world.DeployOf(bad, "--max-failures", "5", "SLIPWAY_MAX_PARALLEL=100%")...)
	w.refuses(r, "the release exits")
	if got := w.order(r.Stderr, "switched from"); !slices.Equal(got, []int{0}) {
		t.Errorf("switched: %v", got)
	}
	w.runs(good, nil)
	if got := w.lines(); !slices.Equal(got, []int{2, 1, 1, 1}) {
		t.Errorf("the histories have %v changes", got)
	}
}

func TestWhatRunsOnceRunsOnOneHostBeforeAnySwitch(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	once := w.File(`mkdir -p /tmp/once; bin/shop eval 'print("code of the new release")'; echo "$GREETING $(hostname) $(basename "$(readlink -f /opt/apxr/shop/next)") $(basename "$(readlink -f /opt/apxr/shop/current)")" >>/tmp/once/said`)
	env := w.File("GREETING=hello")
	w.Everywhere("rm -rf /tmp/once; mkdir -m 0777 /tmp/once")
	next := w.Artifact(2, light.Way{})
	w.Matches(w.OK(world.DeployOf(next, "--before-activate-once-file", once, "--env-file", env)...).Said(), w.addr(0)+": before-activate-once ended well", "code of the new release")
	for name, said := range w.Everywhere("cat /tmp/once/said 2>/dev/null || true") {
		want := ""
		if name == w.name(0) {
			want = fmt.Sprintf("hello %s %s %s", name, next, good)
		}
		if said != want {
			t.Errorf("%s: %q, want %q", name, said, want)
		}
	}
	// What runs already needs no migration.
	w.Matches(w.OK(world.DeployOf(next, "--before-activate-once-file", once, "--env-file", env)...).Said(), "nothing to change")
	if n := w.Root(w.Hosts[0], "wc -l </tmp/once/said"); n != "1" {
		t.Errorf("it ran %s times", n)
	}
	third := w.Artifact(3, light.Way{})
	r := w.Slipway(world.DeployOf(third, "--before-activate-once-file", w.File("echo no; false"), "--env-file", w.File("GREETING=bye"))...)
	w.refuses(r, "nothing was switched on any host", "before-activate-once failed with exit status 1")
	if got := w.order(r.Stderr, "switched"); len(got) > 0 {
		t.Errorf("switched: %v", got)
	}
	w.runs(next, nil)
	for name, said := range w.Everywhere("grep -l bye " + base + "/activations/*/environment || true") {
		if said != "" {
			t.Errorf("%s keeps the environment of what was not deployed: %s", name, said)
		}
	}
}

func TestHostsOfOneFleetHaveOneOwner(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	w.Root(w.Hosts[3], "chown root "+base+" && chmod 2755 "+base)
	w.refuses(w.Slipway(world.DeployOf(w.Artifact(2, light.Way{}))...), w.addr(3)+": ", base+" belongs to root here, and to deploy on "+w.addr(0)+", "+w.addr(1), "nothing was switched on any host")
	w.Root(w.Hosts[3], "chown deploy "+base+" && chmod 2750 "+base)
	w.runs(good, nil)
}

func TestAPauseLetsABatchShowWhatItIsWorth(t *testing.T) {
	w := four(t)
	w.deploy(1)
	began := time.Now()
	r := w.OK(world.DeployOf(w.Artifact(2, light.Way{}), "--batch-pause", "2s", "SLIPWAY_MAX_PARALLEL=2")...)
	if n := strings.Count(r.Said(), "waiting for 2s before the next batch"); n != 2 || time.Since(began) < 4*time.Second {
		t.Errorf("%d pauses in %s", n, time.Since(began))
	}
	w.runs(light.At(2), nil)
}

// A host that lacks the release gets it from the build server, if there is one.
func TestARollbackBringsWhatIsMissing(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	w.deploy(2)
	for _, h := range w.Hosts[1:3] {
		w.Root(h, "rm -r "+base+"/releases/"+string(good))
	}
	w.refuses(w.Slipway("rollback", "SLIPWAY_BUILD_HOST=", w.only(1)), "release "+string(good)+" is not on this host")
	w.refuses(w.Slipway("rollback", "HOME=/nowhere", w.only(1)), "cannot be fetched from the build host", "release "+string(good)+" is not on this host")
	r := w.OK("rollback", "SLIPWAY_MAX_PARALLEL=8")
	w.Matches(r.Said(), "Fetch "+string(good)+" for "+w.addr(1)+", "+w.addr(2), w.addr(2)+": staged and verified", "Rollback to "+string(good)+" ", " is back on ")
	w.runs(good, nil)
}
