package host_test

import (
	"errors"
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
}

// A power cut while a release is staged may leave its files without its manifest, or with
// a part of it. That is not another release: it is staged again.
func TestAReleaseWithoutAWholeManifestIsStagedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	r := s.release(2, false)
	h := s.meet(release.Deploy, nil)
	file := s.path("opt/app/.slipway/releases", string(at(2)), "manifest.json")
	for name, damage := range map[string]func() error{
		"none":  func() error { return os.Remove(file) },
		"a cut": func() error { return os.Truncate(file, 100) },
		"empty": func() error { return os.Truncate(file, 0) },
		"NULs":  func() error { return errors.Join(os.Truncate(file, 0), os.Truncate(file, 1000)) },
		"a part that ends as an entry does": func() error {
			text, err := os.ReadFile(file)
			end := strings.Index(string(text), "\n  },\n") + len("\n  }")
			return errors.Join(err, os.WriteFile(file, []byte(string(text[:end])+"\n"), 0o640))
		},
	} {
		s.must(h.Look(t.Context(), host.Question{}))
		s.must(h.Stage(t.Context(), r))
		s.must(damage())
		if err := h.Look(t.Context(), host.Question{Release: &r.m}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.must(h.Stage(t.Context(), r))
		s.must(h.Verify(t.Context(), at(2)))
	}
}
