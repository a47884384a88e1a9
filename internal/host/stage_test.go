package host_test

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

func TestADamagedReleaseIsStagedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	r := s.release(2, false)
	h := s.meet(release.Deploy, nil)
	s.must(h.Stage(t.Context(), r))
	file := s.path("opt/app/releases", string(at(2)), "lib/data")
	s.must(os.Chmod(file, 0o755))
	s.must(os.WriteFile(file, []byte("rotten"), 0o755))
	s.failed(h.Verify(t.Context(), at(2)), "are not what was built")
	s.must(h.Stage(t.Context(), r))
	s.must(h.Verify(t.Context(), at(2)))
	s.must(h.Stage(t.Context(), r))
	s.says("has it already, verified", "staged and verified: ")
}

func TestTheRunningReleaseIsNeverStagedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	s.must(os.WriteFile(s.path("opt/app/releases", string(at(1)), "lib/data"), []byte("rotten"), 0o755))
	h := s.meet(release.Deploy, nil)
	s.failed(h.Stage(t.Context(), s.release(1, false)), "it is the running release: build and deploy a new one")
}

// cutShort is a release whose stream ends early, or cannot be opened.
type cutShort struct {
	built
	err error
}

func (c cutShort) Open(string, bool) (host.Parcel, error) {
	p, err := c.built.Open("", true)
	p.Data = io.LimitReader(p.Data, 300)
	return p, errors.Join(err, c.err)
}

func TestAnUploadThatIsCutLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.meet(release.Deploy, nil)
	s.failed(h.Stage(t.Context(), cutShort{s.release(1, false), nil}), "could not be unpacked")
	s.failed(h.Stage(t.Context(), cutShort{s.release(1, false), errors.New("no place")}), "no place")
	if left, err := os.ReadDir(s.path("opt/app/releases")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestTheBuildHostCopiesItsArtifact(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.meet(release.Deploy, nil)
	h.Candidate.HasArtifact = true
	s.must(h.Stage(t.Context(), cutShort{s.release(1, false), errors.New("nothing is sent")}))
	s.says("copied from the artifact and verified")
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.meet(release.Deploy, nil)
	m := s.release(1, false).m
	s.must(h.Fits(m))
	m.Arch = "vax"
	s.failed(h.Fits(m), "the release was built for Linux vax")
}

func TestPruneKeepsWhatAProcessRunsFrom(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for n := range 4 {
		s.deploy(n + 1)
	}
	s.stop()
	s.must(os.WriteFile(s.path("units/app.service"), []byte("pid=0 invocation=x"), 0o644)) // the unit loses its process
	h := s.meet(release.Deploy, func(p *host.Plan) { p.Keep = 2 })
	s.must(h.Prune(t.Context(), at(3)))
	s.says("removed "+string(at(1)), "removed "+string(at(2)))
	if err := h.Verify(t.Context(), at(4)); err != nil {
		t.Errorf("what is current: %v", err)
	}
}
