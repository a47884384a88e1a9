//go:build full

package fleet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// One part of four fails, and every part goes back.
func TestOnePartOfFourFails(t *testing.T) {
	w := newRunner(t, 8)
	w.merged(2)
	good := w.deploy(1)
	w.Everywhere("rm -rf /tmp/once; mkdir -m 0777 /tmp/once")
	bad := w.Artifact(2, light.Way{OnlyHost: w.name(5), Exit: status(3)}) // the second host of the third part
	log, ok := w.act(w.caller(bad, once))
	if ok {
		t.Error("a fleet with a part that fails is green")
	}
	w.Matches(log, w.addr(5)+": the release exits", "not every part runs the release .activate: failure, revert: success")
	w.runs(good, nil)
	// One host of the part that failed was switched before it did, and so was every
	// host of the others; each went back, which is one more change for what had
	// been through.
	if got := w.lines(); !slices.Equal(got, []int{3, 3, 3, 3, 2, 2, 3, 3}) {
		t.Errorf("the histories have %v changes", got)
	}
}

// Each of these ends a fleet before it has begun, or with its first part.
func TestAFleetThatGoesNoFurtherThanItsFirstPart(t *testing.T) {
	w := newRunner(t, 8)
	w.merged(3)
	good := w.deploy(1)
	w.refusesBadShards(good)
	w.Everywhere("rm -rf /tmp/once; mkdir -m 0777 /tmp/once")

	// The gatekeeper itself.
	before := w.lines()
	worse := w.Artifact(2, light.Way{OnlyHost: w.name(0), Exit: status(4)})
	log, ok := w.act(w.caller(worse, once))
	if ok || w.ran(log, "activate") {
		t.Error("a fleet whose first part fails is green, or goes on")
	}
	w.Matches(log, w.addr(0)+": the release exits", "the first part failed .revert: success")
	w.runs(good, nil)
	if now := w.lines(); !slices.Equal(now[1:], before[1:]) {
		t.Errorf("the histories have %v changes, and %v before", now, before)
	}
	w.hears(2, "")

	next := w.deploy(3)
	// The same again, in one part: there is no other.
	log, ok = w.act(w.caller(next, "shards: 1"))
	if !ok || w.ran(log, "revert") {
		t.Error("the same again, in one part, is red")
	}
	w.Says(log, "the fleet says "+string(next)+"/0.1.0/unchanged.")
	w.runs(next, nil)

	w.supersedes(next)
}

// supersedes checks what becomes of a release that is older than what one part
// runs, and than what all of them run.
func (w *runner) supersedes(running release.ID) {
	w.Helper()
	const repository = "git@git.example.com:apxr/shop.git"
	mirrors := filepath.Join(w.Home, "slipway", "mirrors")
	w.Must(os.MkdirAll(mirrors, 0o755))
	revisions := strings.Fields(w.Tool("sh", "-ec", `cd "$0"; git init -q -b main repo; cd repo
		for c in older newer; do git -c user.name=a -c user.email=a@b commit -q --allow-empty -m $c; git rev-parse HEAD; done
		git clone -q --mirror . "../shop-$(printf %s "$1" | sha256sum | cut -c1-12).git"`, mirrors, repository))
	of := func(n int, revision string) release.ID {
		return w.Put(light.Release{ID: light.At(n), Revision: revision, Change: func(m *release.Manifest) { m.Repository = repository }})
	}
	older, newer := of(5, revisions[0]), of(6, revisions[1])

	w.OK(world.DeployOf(newer, "SLIPWAY_HOSTS="+w.Addrs(w.Hosts[6:]...))...) // one host alone would be one word against another
	log, ok := w.act(w.caller(older))
	if ok {
		w.Error("a fleet of which one part runs something newer is green")
	}
	w.Matches(log, "part 4 runs something newer than what the first part was given", "activate: failure, revert: success")
	w.runs(running, map[int]release.ID{6: newer, 7: newer})

	w.OK(world.DeployOf(newer, "SLIPWAY_MAX_PARALLEL=8")...)
	log, ok = w.act(w.caller(older))
	if !ok || w.ran(log, "activate") || w.ran(log, "revert") {
		w.Error("a fleet that runs something newer is red, or was changed")
	}
	w.Matches(log, "the fleet says "+string(older)+`/0.1.0/superseded\.`)
	w.runs(newer, nil)
}

// refusesBadShards checks that nothing is changed on any host.
func (w *runner) refusesBadShards(running release.ID) {
	w.Helper()
	next := w.Artifact(9, light.Way{})
	before := w.Everywhere("find /opt/apxr -printf '%p %T@ %l\n' | sort")
	// That act ends at "plan" is its own way; what "plan" says is tried in e2e.
	for shards, says := range map[string]string{"two": "", "9": "9 parts are more than the 8 hosts"} {
		log, ok := w.act(w.caller(next, "shards: "+shards))
		if ok || w.ran(log, "approve") || w.ran(log, "first") || w.ran(log, "revert") {
			w.Errorf("shards: %s is green, or goes on", shards)
		}
		w.Matches(log, says)
	}
	for name, now := range w.Everywhere("find /opt/apxr -printf '%p %T@ %l\n' | sort") {
		if now != before[name] {
			w.Errorf("%s: something was changed:\n%s\nbefore:\n%s", name, now, before[name])
		}
	}
	w.runs(running, nil)
}
