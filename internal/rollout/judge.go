package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/release"
)

// judge finds out whether the release is older than what runs, or was rolled
// back as bad. It reports whether the deploy is superseded, and fails the hosts
// that a bad release was to go to.
func (r *run) judge(ctx context.Context, a Artifact, m release.Manifest) (superseded bool) {
	relations := r.relations(ctx, a, m)
	said := notices{}
	defer said.tell(r)
	for _, h := range r.healthy() {
		v := h.seen.History.Judge(m.ReleaseID, m.Revision, h.current(), relations[h.current().Revision])
		switch {
		case v.Kind == release.Fresh:
		case r.plan.Force:
			said.add(h, v.Reason+"; it is deployed by force")
		case v.Kind == release.RolledBack:
			h.fail(Untouched, fmt.Errorf("%s", v.Reason))
		case v.Kind == release.Superseded:
			superseded = true
			r.outcome.Notice = v.Reason
		default:
			said.add(h, v.Reason+"; it is deployed")
		}
	}
	return superseded
}

// current is the change that made live what the host runs, or will again once a
// change that a dead run left is taken back, as far as the history says. Nothing
// is older than a release that the history does not know.
func (h *host) current() release.Change {
	id := h.seen.Current.ID
	if dead := h.seen.Change; dead != nil && !h.seen.History.Has(dead.Key) {
		id = dead.From
	}
	c, ok := h.seen.History.Find(id)
	if !ok {
		c.To = id
	}
	return c
}

// relations asks the build host's git how the release stands to what runs. No
// answer is no reason not to deploy: the judgement says that nobody knows.
func (r *run) relations(ctx context.Context, a Artifact, m release.Manifest) map[string]release.Relation {
	var others []string
	for _, h := range r.healthy() {
		if c := h.current(); release.ValidRevision(c.Revision) && c.To != m.ReleaseID && !slices.Contains(others, c.Revision) {
			others = append(others, c.Revision)
		}
	}
	if len(others) == 0 {
		return nil
	}
	known, err := a.Relations(ctx, others)
	if err != nil {
		r.log.Notice(fmt.Sprintf("the build host's git does not say how the release stands to what runs: %v", err))
	}
	return known
}
