//go:build full

package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// files returns what State shows, and all that it leaves out: locks with their
// times.
func (w *webHost) files() string {
	w.Helper()
	return w.State()[w.host.Name] + w.root("cd / && find opt/apxr -printf '%p %y %m %u %g %l %s %T@ %C@\n' | sort")
}

func TestTheSameAgainChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	id := w.Deploy(2)
	before := w.State()
	for range 2 {
		w.Says(w.OK(world.DeployOf(id)...).Stdout, "nothing to change")
		w.Same(before)
	}
	w.Says(w.OK("rollback", "--release-id", string(id)).Stdout, "nothing to change")
	w.Same(before)
}

func TestADryRunChangesNothing(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1)
	next := w.Artifact(2, light.Way{})
	hold := w.hold() // it needs no lock either
	before := w.files()
	deploy := world.DeployOf(next, "--dry-run")
	w.Red(0, w.Slipway(append(deploy, "SLIPWAY_BEFORE_ACTIVATE=touch /tmp/dry", "SLIPWAY_ENV=GREETING=x", "--ports", "4001")...),
		"stage release "+string(next), "deliver the environment that is given", "run before-activate (1 line)", "switch "+base+"/current",
		"restart shop.service by sudo systemctl", "port 4001 is listening", "keep 5 releases")
	w.Red(0, w.Slipway("deploy", "--dry-run", "--release-id", string(good)))
	w.Red(1, w.Slipway(append(deploy, "--units", "nothing.service")...), "there is no unit nothing.service", "may not run 'sudo /usr/bin/systemctl restart nothing.service'")
	w.Red(1, w.Slipway("rollback", "--dry-run"), "nothing to roll back to")
	if now := w.files(); now != before {
		t.Errorf("%s\nis now\n%s", before, now)
	}
	w.root("test ! -e /tmp/dry")
	hold()

	w.OK(world.DeployOf(next)...)
	hold, before = w.hold(), w.files()
	w.Red(0, w.Slipway("rollback", "--dry-run"), "would go from "+string(next)+" to "+string(good), "switch "+base+"/current", "Rollback to "+string(good))
	if now := w.files(); now != before {
		t.Errorf("%s\nis now\n%s", before, now)
	}
	hold()
	w.runs(next)
}

// hold takes the host's lock as another run would, until the function is called.
func (w *webHost) hold() (free func()) {
	w.Helper()
	w.root("flock -n " + base + "/.slipway/lock sleep 600 >/dev/null 2>&1 & echo $! >/run/holder; while flock -n " + base + "/.slipway/lock true; do sleep 0.05; done")
	return func() { w.Helper(); w.root("pkill --parent $(cat /run/holder)") }
}

func TestReleasesAndHistoryAreListed(t *testing.T) {
	w := newWorld(t)
	if text, _ := w.list("releases"); !strings.Contains(text, "no releases") {
		t.Errorf("of a new host: %s", text)
	}
	first := w.Put(light.Release{ID: light.At(1), Version: "1.0.0", Revision: strings.Repeat("a1", 20), Files: map[string]string{"lib/large": strings.Repeat("x", 1<<20)}})
	w.OK(world.DeployOf(first)...)
	second, third := w.Deploy(2), w.Deploy(3)
	w.OK("rollback")
	bad := w.bad()
	w.Red(1, w.Slipway(world.DeployOf(bad)...), "put back")

	text, host := w.list("releases")
	want := map[release.ID][]string{first: {"below-current"}, second: {"current", "running"}, third: {"rolled-back"}, bad: {}}
	for _, r := range host.Releases {
		if (r.LiveAt == nil) != (r.ID == bad) {
			t.Errorf("%s is live since %v", r.ID, r.LiveAt)
		}
		if r.ID == first && (r.Version != "1.0.0" || !strings.HasPrefix(r.Revision, "a1a1") || r.Bytes < 1<<20 || r.Bytes > 1<<21 || !strings.HasPrefix(r.Who, "tester@")) {
			t.Errorf("the first one is listed as %+v", r)
		}
	}
	for _, words := range []string{"1.0.0", "a1a1a1a1a1a1 ", "1.1 MB", "a rollback goes here", "current, running", "rolled back", "never", "tester@"} {
		if !strings.Contains(text, words) {
			t.Errorf("the list does not say %q", words)
		}
	}
	w.isListed(want, "deploy "+string(first)+" live", "deploy "+string(second)+" live", "deploy "+string(third)+" live",
		"rollback "+string(second)+" live", "deploy "+string(bad)+" reverted")
	text, _ = w.list("history")
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) != 6 || !strings.Contains(lines[1], "reverted: the release exits") || !strings.Contains(lines[5], "1.0.0") {
		t.Errorf("the history is\n%s", text)
	}
}
