package script

import (
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

func TestRelationsAreWhatTheMirrorKnows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const url = "git@git.example.com:apxr/apxr_io.git"
	mirrors := s.home + "/slipway/mirrors"
	must(t, os.MkdirAll(mirrors, 0o755))
	make := exec.Command("sh", "-ec", `
		git init -q -b main repo; cd repo
		commit() { git -c user.name=a -c user.email=a@b commit -q --allow-empty -m "$1"; git rev-parse HEAD; }
		commit base; commit old; commit new; git checkout -q -b other HEAD~1; commit branch
		sum=$(printf %s "$URL" | sha256sum | cut -c1-12)
		git clone -q --mirror . "../apxr_io-$sum.git"`)
	make.Dir, make.Env = mirrors, append(os.Environ(), "URL="+url)
	out, err := make.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := strings.Fields(string(out))
	base, old, new, branch := c[0], c[1], c[2], c[3]
	nowhere := strings.Repeat("a", 40)
	got, err := s.store().Relations(t.Context(), url, old, []string{base, old, new, nowhere})
	must(t, err)
	if want := map[string]release.Relation{base: release.Descendant, old: release.Same, new: release.Ancestor, nowhere: release.Unknown}; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got, err = s.store().Relations(t.Context(), url, branch, []string{new, old}); err != nil || got[new] != release.Unrelated || got[old] != release.Descendant {
		t.Errorf("%v, %v", got, err)
	}
	if got, err = s.store().Relations(t.Context(), "https://other/repo.git", old, []string{new}); err != nil || got[new] != release.Unknown {
		t.Errorf("without a mirror: %v, %v", got, err)
	}
}
