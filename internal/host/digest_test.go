package host_test

import (
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// A newer Slipway may have built the release. The host has what that one wrote, so the
// digest stays the same.
func TestAHostHasTheManifestThatTheBuildWrote(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.release(1, false)
	data, err := r.m.JSON()
	s.must(err)
	newer := []byte(strings.Replace(string(data), `"format": 1,`, `"format": 1, "signed_by": "ann",`, 1))
	r.m, err = release.ParseManifest(newer)
	s.must(err)
	h := s.meet(release.Deploy, nil)
	s.must(h.Stage(t.Context(), r))
	file := s.path("opt/app/.slipway/releases", string(at(1)), "manifest.json")
	if got, err := os.ReadFile(file); err != nil || string(got) != string(newer) {
		t.Errorf("%v\n%s", err, got)
	}
	s.must(h.Look(t.Context(), host.Question{Release: &r.m}))
	if got := h.Seen().Digest; got != release.DigestOf(newer) {
		t.Errorf("the digest is %q, want %q", got, release.DigestOf(newer))
	}
	// A release whose manifest is gone is not another one: its own lists say whether it is whole.
	s.must(os.Remove(file))
	s.must(h.Look(t.Context(), host.Question{Release: &r.m}))
	s.must(h.Stage(t.Context(), r))
	s.says("has it already, verified")
}
