package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/release"
)

// Fetch opens a release on the build host, for a rollback to one that a host
// does not have any more. What it returns is closed by the function. Nil: there
// is no build host.
type Fetch func(ctx context.Context, id release.ID) (Artifact, func(), error)

// fetchMissing brings the release to the hosts that lack it, if that can be
// done. If not, each of them is named for that later, and the others go back.
func (r *run) fetchMissing(ctx context.Context, fetch Fetch, id release.ID) {
	var missing []*host
	for _, h := range r.healthy() {
		if !slices.Contains(h.seen.Releases, id) {
			missing = append(missing, h)
		}
	}
	if fetch == nil || len(missing) == 0 {
		return
	}
	defer r.log.Phase("Fetch %s for %s", id, count(len(missing), "host"))()
	a, done, err := fetch(ctx, id)
	if err != nil {
		r.log.Notice(fmt.Sprintf("%s: release %s is not there, and the build host does not give it: %v", nameHosts(missing), id, err))
		return
	}
	defer done()
	m := a.Manifest()
	if r.outcome.Revision == "" { // it was never live anywhere
		r.outcome.Version, r.outcome.Revision, r.outcome.Ref = m.Version, m.Revision, m.Ref
	}
	s := newSpool(ctx, a, m.Size())
	s.expect(missing, id)
	defer s.Close()
	each(missing, func(h *host) {
		if err := r.timed(h, PhaseStage, func() error { return r.fetchOne(ctx, h, s, m) }); err != nil {
			r.log.Say(h.name, "%v", err)
		}
	})
}

func (r *run) fetchOne(ctx context.Context, h *host, s *spool, m release.Manifest) error {
	var f found
	f.fit(h.seen, needsOf(m))
	f.room(h.seen, m)
	if err := errors.Join(f...); err != nil {
		return err
	}
	return r.stage(ctx, h, s, m)
}
