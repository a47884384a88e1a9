package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

const repository = "git@git.example.com:apxr/shop.git"

// mirror is what the build server has of the repository: three commits in a row
// and one beside the last.
func (w *world) mirror() (old, middle, newest, beside string) {
	w.Helper()
	mirrors := filepath.Join(w.home, "slipway", "mirrors")
	w.must(os.MkdirAll(mirrors, 0o755))
	make := exec.Command("sh", "-ec", `
		git init -q -b main repo; cd repo
		commit() { git -c user.name=a -c user.email=a@b commit -q --allow-empty -m "$1"; git rev-parse HEAD; }
		commit old; commit middle; commit newest; git checkout -q -b other HEAD~1; commit beside
		sum=$(printf %s "$URL" | sha256sum | cut -c1-12)
		git clone -q --mirror . "../shop-$sum.git"`)
	make.Dir, make.Env = mirrors, append(os.Environ(), "URL="+repository)
	out, err := make.CombinedOutput()
	c := strings.Fields(string(out))
	if err != nil || len(c) != 4 {
		w.Fatalf("%v: %s", err, out)
	}
	return c[0], c[1], c[2], c[3]
}

// of makes the n-th release, from a commit.
func (w *world) of(n int, revision string) release.ID {
	w.Helper()
	return w.put(light.Release{ID: light.At(n), Revision: revision, Change: func(m *release.Manifest) { m.Repository = repository }})
}

func TestWhatIsOlderIsNotDeployed(t *testing.T) {
	w := anyWorld(t)
	old, middle, newest, beside := w.mirror()
	running := w.of(1, middle)
	w.ok("deploy", "--release-id", string(running))
	before := w.state()
	late := w.of(2, old) // built later, from an older commit
	w.red(0, w.run("deploy", "--release-id", string(late)), "release "+string(late)+" (revision "+old[:12]+") is older than what runs, release "+string(running), "nothing is deployed", "superseded")
	if w.state() != before {
		t.Error("something was changed")
	}
	w.ok("deploy", "--release-id", string(late), "--force")
	w.runs(late)
	if c := w.lastChange(late, release.Live); !c.Forced {
		t.Error("the history does not say that it was forced")
	}
	quiet := func(id release.ID) {
		t.Helper()
		r := w.run("deploy", "--release-id", string(id))
		w.red(0, r)
		if strings.Contains(r.Stderr, "nobody knows") {
			t.Error("git knows, and was not asked")
		}
		w.runs(id)
	}
	quiet(w.of(3, newest))
	quiet(w.of(4, beside))
	quiet(w.of(5, beside)) // the same commit, built again
	unknown := w.of(6, strings.Repeat("e", 40))
	w.red(0, w.run("deploy", "--release-id", string(unknown)), "note: ", "nobody knows whether release "+string(unknown)+" (revision eeeeeeeeeeee) is older than what runs")
	w.runs(unknown)
}

func TestWhatWasRolledBackIsRefused(t *testing.T) {
	w := anyWorld(t)
	first, bad := w.deploy(1), w.deploy(2)
	w.ok("rollback", "USER=ann")
	before := w.state()
	w.red(1, w.run("deploy", "--release-id", string(bad)), "release "+string(bad), "was rolled back at 20", " by ann@", "use force", "nothing was switched on any host")
	again := w.put(light.Release{ID: light.At(3), Revision: w.revision(bad)})
	w.red(1, w.run("deploy", "--release-id", string(again)), "was rolled back at", " by ann@")
	if w.state() != before {
		t.Error("something was changed")
	}
	w.runs(first)
	w.ok("deploy", "--release-id", string(bad), "--force")
	w.runs(bad)
	w.ok("deploy", "--release-id", string(again)) // its revision is live: it is bad no more
	w.runs(again)
}

// revision is what a release was built from.
func (w *world) revision(id release.ID) string {
	w.Helper()
	c, ok := w.changes().Find(id)
	if !ok {
		w.Fatalf("%s was never live", id)
	}
	return c.Revision
}
