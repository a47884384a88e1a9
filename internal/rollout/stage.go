package rollout

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/apxr/slipway/internal/release"
)

func (r *run) stageAll(ctx context.Context, a Artifact, m release.Manifest) {
	hosts := r.healthy()
	defer r.log.Phase("Stage %s on %s", m.ReleaseID, count(len(hosts), "host"))()
	s := newSpool(ctx, a, m.Size())
	defer s.Close()
	s.expect(hosts, m.ReleaseID)
	each(hosts, func(h *host) {
		if err := r.timed(h, PhaseStage, func() error { return r.stage(ctx, h, s, m) }); err != nil {
			h.fail(Untouched, err)
			r.log.Say(h.name, "%v", err)
		}
	})
}

// stage makes sure that the release lies on the host, complete and verified.
func (r *run) stage(ctx context.Context, h *host, s *spool, m release.Manifest) (err error) {
	defer func() { s.finish(h, err) }()
	if slices.Contains(h.seen.Releases, m.ReleaseID) {
		err := r.recheck(ctx, h, m.ReleaseID)
		if err == nil {
			r.log.Say(h.name, "has it already, verified")
			return nil
		}
		if err := r.discard(ctx, h, m.ReleaseID, err); err != nil {
			return err
		}
	}
	if err := r.describe(ctx, h, m); err != nil {
		return err
	}
	if err := r.send(ctx, h, s, m.ReleaseID); err != nil {
		return err
	}
	h.seen.Releases = append(h.seen.Releases, m.ReleaseID)
	how := "staged and verified"
	if h.hasArtifact {
		how = "copied from the artifact and verified"
	}
	r.log.Say(h.name, "%s: %d entries, %.1f MB", how, len(m.Files), float64(m.Size())/1e6)
	return nil
}

// recheck verifies a release that lies on the host.
func (r *run) recheck(ctx context.Context, h *host, id release.ID) error {
	return r.on(h).Recheck(ctx, id)
}

// discard removes a release that is not what was built, so that it can be staged
// anew; but not from below what runs.
func (r *run) discard(ctx context.Context, h *host, id release.ID, why error) error {
	runs := fmt.Errorf("%w; it is the running release: build and deploy a new one", why)
	if h.seen.Current.ID == id || h.seen.Running() == id {
		return runs
	}
	pruned, err := r.on(h).Prune(ctx, []release.ID{id}, nil)
	if slices.Contains(pruned.Removed, id) {
		return nil // whatever else could not be removed
	}
	if err == nil && len(pruned.InUse) > 0 {
		return runs
	}
	return err
}

// describe puts the lists that the release is verified against on the host.
func (r *run) describe(ctx context.Context, h *host, m release.Manifest) error {
	manifest, err := m.JSON()
	if err != nil {
		return err
	}
	dir := r.plan.Layout.Metadata(m.ReleaseID)
	lists := map[string][]byte{"manifest.json": manifest, "listing": []byte(m.Listing()), "checksums": []byte(m.Checksums())}
	errs := make(chan error)
	for name, data := range lists { // at once: each is some round trips
		go func() { errs <- h.WriteFile(ctx, path.Join(dir, name), data) }()
	}
	for range lists {
		err = errors.Join(err, <-errs)
	}
	return err
}

// send brings the release into the host, or has the host copy it if it is the
// build host.
func (r *run) send(ctx context.Context, h *host, s *spool, id release.ID) error {
	if h.hasArtifact {
		return r.on(h).StageHere(ctx, id, r.plan.App)
	}
	in, err := s.openFor(h, r.log)
	if err != nil {
		return err
	}
	return r.on(h).Stage(ctx, id, in)
}
