package hosts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

const repository = "git@git.example.com:apxr/shop.git"

// mirror makes the build server's copy of the repository: three commits in a row
// and one beside the last.
func (w *webHost) mirror() (old, middle, newest, beside string) {
	w.Helper()
	mirrors := filepath.Join(w.Home, "slipway", "mirrors")
	w.Must(os.MkdirAll(mirrors, 0o755))
	c := strings.Fields(w.Tool("sh", "-ec", `
		cd "$0"; git init -q -b main repo; cd repo
		commit() { git -c user.name=a -c user.email=a@b commit -q --allow-empty -m "$1"; git rev-parse HEAD; }
		commit old; commit middle; commit newest; git checkout -q -b other HEAD~1; commit beside
		sum=$(printf %s "$1" | sha256sum | cut -c1-12)
		git clone -q --mirror . "../shop-$sum.git"`, mirrors, repository))
	if len(c) != 4 {
		w.Fatalf("commits: %q", c)
	}
	return c[0], c[1], c[2], c[3]
}

// of makes the n-th release, from a commit.
func (w *webHost) of(n int, revision string) release.ID {
	w.Helper()
	return w.Put(light.Release{ID: light.At(n), Revision: revision, Change: func(m *release.Manifest) { m.Repository = repository }})
}

// What is older than what runs, or was rolled back, is deployed by force alone.
func TestWhatIsOlderOrRolledBackIsNotDeployed(t *testing.T) {
	w := newWorld(t)
	old, middle, newest, _ := w.mirror()
	running := w.of(1, middle)
	w.OK(world.DeployOf(running)...)
	late := w.of(2, old) // built later, from an older commit
	before := w.State()
	w.Red(0, w.Slipway(world.DeployOf(late)...), "release "+string(late)+" (revision "+old[:12]+") is older than what runs, release "+string(running), "nothing is deployed", "superseded")
	w.Same(before)
	w.OK(world.DeployOf(late, "--force")...)
	w.runs(late)
	if c := w.lastChange(late, release.Live); !c.Forced {
		t.Error("the history does not say that it was forced")
	}

	next := w.of(3, newest)
	if r := w.OK(world.DeployOf(next)...); strings.Contains(r.Stderr, "nobody knows") {
		t.Error("git knows, and was not asked")
	}
	w.OK("rollback", "USER=ann")
	before = w.State()
	w.Red(1, w.Slipway(world.DeployOf(next)...), "release "+string(next), "was rolled back at 20", " by ann@", "use force", "nothing was switched on any host")
	again := w.of(4, newest) // another build of the same commit
	w.Red(1, w.Slipway(world.DeployOf(again)...), "was rolled back at", " by ann@")
	w.Same(before)
	w.OK(world.DeployOf(next, "--force")...)
	w.runs(next)
}
