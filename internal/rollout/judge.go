package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// judge finds out whether the release is older than the running one, or was
// rolled back as bad. It reports whether the deploy is superseded. It fails the
// hosts on which the release is bad.
func (r *run) judge(ctx context.Context, a Artifact) (superseded bool) {
	m := a.Manifest()
	relations := r.relations(ctx, a)
	said := notices{}
	defer said.report(r.log)
	var newer claims
	for _, h := range r.hosts.healthy() {
		now := h.Seen().Made()
		v := h.Seen().History.Judge(m.ReleaseID, m.Revision, now, relations[now.Revision])
		switch {
		case v.Kind == release.Fresh:
		case r.plan.Force:
			said.add(h, v.Reason+"; it is deployed by force")
		case v.Kind == release.RolledBack:
			h.fail(host.Untouched, host.As(ctx, host.Judged, errors.New(v.Refusal())))
		case v.Kind == release.Superseded:
			newer = append(newer, claim{h, now, v})
		default:
			said.add(h, v.Reason+"; it is deployed")
		}
	}
	return r.decide(ctx, a, newer, &said)
}

// decide reports whether the claims of hosts to run something newer supersede
// the deploy. One host alone does not decide that for several: a claim counts if
// another host has had that release too, or if most hosts run something newer.
func (r *run) decide(ctx context.Context, a Artifact, newer claims, said *notices) (superseded bool) {
	hosts := r.hosts.healthy()
	backed, against := newer.backed(hosts), newer.against(hosts)
	if len(newer) == 0 {
		return false
	}
	if len(backed) == 0 && len(newer) < len(against) {
		newer.note(said, "no other host ever ran that, so it does not count: it is deployed")
		return false
	}
	tip, err := a.IsTip(ctx)
	switch {
	case tip:
		newer.note(said, fmt.Sprintf("it is the tip of %s now: it is deployed", a.Manifest().Branch()))
		return false
	case len(backed) == 0 && len(newer) == len(against):
		failTied(ctx, newer, against)
		return false
	}
	r.outcome.Notice = append(backed, newer...)[0].verdict.Refusal()
	if err != nil {
		r.outcome.Notice += fmt.Sprintf(". Nobody could say whether it is the tip of %s now: %v", a.Manifest().Branch(), err)
	}
	return true
}

// relations asks git on the build host how the release relates to the running
// ones. A failure of git does not stop the deploy: the relation is then
// unknown.
func (r *run) relations(ctx context.Context, a Artifact) map[string]release.Relation {
	var others []string
	for _, m := range r.hosts.healthy() {
		c := m.Seen().Made()
		if release.ValidRevision(c.Revision) && c.To != r.outcome.Target && !slices.Contains(others, c.Revision) {
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
