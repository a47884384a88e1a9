package host_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// delta is a release that is sent as what another one lacks.
type delta struct {
	built
	base  built
	asked *[]bool // whether each parcel was to be a whole one
}

func (d delta) Open(_ string, whole bool) (host.Parcel, error) {
	*d.asked = append(*d.asked, whole)
	if whole {
		return d.built.Open("", true)
	}
	parts, usable, err := d.m.Since(d.base.m)
	if err != nil || !usable {
		return host.Parcel{}, errors.Join(err, errors.New("it is no base"))
	}
	return d.pack(parts)
}

// onto makes the n-th release as what the one before lacks.
func (s *site) onto(n int) delta {
	return delta{s.release(n, false), s.release(n-1, false), new([]bool)}
}

func TestAReleaseIsMadeFromTheCurrentOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h := s.meet(release.Deploy, nil)
	d := s.onto(2)
	if digest, err := d.base.m.Digest(); err != nil || h.Seen().CurrentDigest != digest {
		t.Errorf("the host says %s, want %s: %v", h.Seen().CurrentDigest, digest, err)
	}
	if m, err := h.CurrentManifest(t.Context()); err != nil || m.ReleaseID != at(1) {
		t.Errorf("%s, %v", m.ReleaseID, err)
	}
	s.must(h.Stage(t.Context(), d))
	s.must(h.Verify(t.Context(), at(2)))
	s.says("staged and verified: 5 entries, 0.0 MB; 0.00 MB sent, the rest is from " + string(at(1)))
	if len(*d.asked) != 1 {
		t.Errorf("%v", *d.asked)
	}
}

// A host makes nothing from a damaged base, and gets everything, once, by itself.
func TestADamagedBaseIsNotCarriedOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	s.must(os.WriteFile(s.path("opt/app/releases", string(at(1)), "bin/app"), []byte(strings.ToUpper(start)), 0o750))
	h := s.meet(release.Deploy, nil)
	d := s.onto(2)
	s.must(h.Stage(t.Context(), d))
	s.must(h.Verify(t.Context(), at(2)))
	s.says("it could not be made from release "+string(at(1))+", so everything is sent: what arrived", "staged and verified: 5 entries, 0.0 MB; 0.00 MB sent\n")
	if asked := *d.asked; len(asked) != 2 || asked[0] || !asked[1] {
		t.Errorf("%v", asked)
	}
}

// The digest of a base comes from the history. If the manifest on the host is another one,
// the host gets everything, and the release is right.
func TestADamagedManifestIsNotCarriedOn(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(text string) string{
		"altered": func(text string) string { return strings.Replace(text, `"sha256": "`, `"sha256": "0`, 1) },
		"cut":     func(text string) string { return text[:len(text)/2] },
		"empty":   func(string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.deploy(1)
			path := s.path("opt/app/.slipway/releases", string(at(1)), "manifest.json")
			text, err := os.ReadFile(path)
			s.must(err)
			s.must(os.WriteFile(path, []byte(damage(string(text))), 0o640))
			h := s.meet(release.Deploy, nil)
			d := s.onto(2)
			if want := release.DigestOf(text); h.Seen().CurrentDigest != want {
				t.Errorf("the base is %s, want %s", h.Seen().CurrentDigest, want)
			}
			if _, err := h.CurrentManifest(t.Context()); err == nil {
				t.Error("the damaged manifest is taken")
			}
			s.must(h.Stage(t.Context(), d))
			s.must(h.Verify(t.Context(), at(2)))
			s.says("it could not be made from release "+string(at(1))+", so everything is sent: what arrived", "staged and verified: 5 entries, 0.0 MB; 0.00 MB sent\n")
			if asked := *d.asked; len(asked) != 2 || asked[0] || !asked[1] {
				t.Errorf("%v", asked)
			}
		})
	}
}

// Without a history, or without its manifest, the current release is no base.
func TestABaseNeedsAHistoryAndAManifest(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"history.jsonl", "releases/" + string(at(1)) + "/manifest.json"} {
		s := newSite(t)
		s.deploy(1)
		s.must(os.Remove(s.path("opt/app/.slipway", lost)))
		if seen := s.meet(release.Deploy, nil).Seen(); seen.Current.ID != at(1) || seen.CurrentDigest != "" {
			t.Errorf("without %s: %s, with the digest %q", lost, seen.Current, seen.CurrentDigest)
		}
	}
}

// A host that lies about what it has fails alone, and nothing is switched there.
func TestAHostThatLiesAboutItsFilesIsNotStaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	s.must(os.Remove(s.path("bin")))
	s.must(os.Mkdir(s.path("bin"), 0o755))
	bin, err := os.ReadDir("testdata/bin")
	s.must(err)
	for _, program := range bin {
		text, err := os.ReadFile("testdata/bin/" + program.Name())
		s.must(err)
		s.must(os.WriteFile(s.path("bin", program.Name()), text, 0o755))
	}
	h := s.meet(release.Deploy, nil)
	s.must(os.WriteFile(s.path("bin/cp"), []byte("#!/bin/sh\nfor to; do :; done\nmkdir -p \"$to/bin\"; echo not mine >\"$to/bin/app\"\n"), 0o755))
	s.must(os.WriteFile(s.path("bin/tar"), []byte("#!/bin/sh\n/bin/tar \"$@\"; for d; do :; done; echo not mine >\"$d/lib/data\"\n"), 0o755))
	d := s.onto(2)
	s.failed(h.Stage(t.Context(), d), "is not what was built")
	if len(*d.asked) != 2 {
		t.Errorf("%v", *d.asked)
	}
	s.must(h.Look(t.Context(), host.Question{}))
	if seen := h.Seen(); seen.Current != one || len(seen.Releases) != 1 || len(seen.Leftovers) > 0 {
		t.Errorf("current %s, releases %q, leftovers %q", seen.Current, seen.Releases, seen.Leftovers)
	}
}

// After a lost connection there is nobody to send everything to.
func TestALostConnectionIsNoUnfitBase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h := s.meet(release.Deploy, nil)
	d := s.onto(2)
	s.cut()
	if err := h.Stage(t.Context(), d); err == nil || len(*d.asked) != 1 {
		t.Errorf("%v, asked %v", err, *d.asked)
	}
}

// broken is a release that the build host does not send to its end.
type broken struct{ delta }

var errBuildHost = errors.New("the build host has another file")

func (b broken) Open(name string, whole bool) (host.Parcel, error) {
	p, err := b.delta.Open(name, whole)
	p.Data = io.MultiReader(io.LimitReader(p.Data, 200), iotest.ErrReader(errBuildHost))
	return p, err
}

// The error of a build host is reported as it is, and nothing else is tried.
func TestAReleaseThatTheBuildHostDoesNotSendIsItsError(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h := s.meet(release.Deploy, nil)
	d := s.onto(2)
	if err := h.Stage(t.Context(), broken{d}); !errors.Is(err, errBuildHost) || len(*d.asked) != 1 {
		t.Errorf("%v, asked %v", err, *d.asked)
	}
}
