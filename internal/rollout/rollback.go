package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// Rollback makes the hosts run an earlier release that they still have: the one
// in the plan, or else the one below the top of most hosts' histories. It needs
// only the hosts. A host that no longer has the release gets it from the build
// host, if there is one. A host that cannot be reached or fails makes the run
// fail, but neither stops the others nor takes them back.
func Rollback(ctx context.Context, plan Plan, candidates []Candidate, fetch Fetch, log *progress.Log) (Result, error) {
	r := newRun(release.Rollback, plan, candidates, log)
	defer r.part()
	err := r.rollback(ctx, fetch)
	return r.result(ctx, err), err
}

func (r *run) rollback(ctx context.Context, fetch Fetch) error {
	r.meet(ctx, host.Question{Asked: r.plan.Target})
	if r.hosts.isHeld() {
		return r.failed("nothing was changed on any host")
	}
	target, err := r.chooseTarget()
	r.aim(r.hosts.described(target.ID))
	if !target.IsZero() {
		r.warnOfMigrations(target)
	}
	if r.plan.DryRun {
		return r.rehearse(ctx, target, err)
	}
	repaired := r.hosts.healthy().repair(ctx)
	switch {
	case err != nil && repaired:
		// A first deploy died. The only way back is to run nothing again.
		r.outcome.Target = ""
		return r.problems()
	case err != nil:
		return r.failed(err.Error())
	}
	r.fetchMissing(ctx, fetch, target.ID)
	if len(r.hosts.healthy()) > 0 {
		r.returnAll(ctx, target)
	}
	return r.problems()
}

// rehearse reports what a rollback would do, and what would prevent it.
func (r *run) rehearse(ctx context.Context, target release.Activation, problem error) error {
	r.outcome.Became, r.outcome.Plan = BecamePlan, r.plan.steps(release.Rollback, release.Manifest{})
	for _, m := range r.hosts.healthy() {
		if target.IsZero() {
			break
		}
		to := r.plan.own(m.Seen().History, target)
		if err := m.Usable(ctx, to); err != nil {
			m.fail(host.Untouched, host.As(ctx, host.Incomplete, err))
			continue
		}
		r.log.Say(m.Name(), "would go from %s to %s", m.Seen().Current, to)
	}
	if problem != nil {
		return r.failed(problem.Error())
	}
	return r.problems()
}

func (r *run) chooseTarget() (release.Activation, error) {
	if r.plan.Target != "" {
		return release.Activation{ID: r.plan.Target}, nil
	}
	states := map[string]release.HostState{}
	for _, m := range r.hosts.healthy() {
		seen := m.Seen()
		states[m.Name()] = release.HostState{Stack: seen.History.Stack(), Dead: seen.Dead()}
	}
	if len(states) == 0 {
		return release.Activation{}, errors.New("no host can be rolled back")
	}
	return release.RollbackTarget(states)
}

func (r *run) returnAll(ctx context.Context, target release.Activation) {
	defer r.log.Phase("Roll back to %s", target)()
	r.inBatches(ctx, r.hosts.healthy(), func(m *member) { r.returnOne(ctx, m, r.plan.own(m.Seen().History, target)) })
}

// own returns the fleet's target for this host: the release may have had
// another environment there.
func (p Plan) own(history release.History, target release.Activation) release.Activation {
	if p.Target != "" {
		a, _ := history.Choose(target.ID)
		return a
	}
	return history.Return(target)
}

// returnOne rolls one host back. If that fails, it restores what the host ran.
func (r *run) returnOne(ctx context.Context, m *member, to release.Activation) {
	if m.Runs(ctx, to) {
		m.Result().Outcome, m.Result().After = host.Unchanged, to.ID
		r.log.Say(m.Name(), "runs %s already: nothing to change", to)
		return
	}
	if err := m.Usable(ctx, to); err != nil {
		r.refuse(m, host.As(ctx, host.Incomplete, err))
		return
	}
	to, err := m.Adopt(ctx, to)
	if err != nil {
		r.refuse(m, host.As(ctx, host.NotStaged, err))
		return
	}
	err = m.Activate(ctx, r.ownTarget(m, to))
	undo, cancel := host.Undo(ctx)
	defer cancel()
	if err != nil {
		m.GoBack(undo, m.Result().Problem)
		return
	}
	if err := m.Conclude(undo); err != nil {
		m.notConcluded(to.String(), err)
	}
}

// ownTarget returns the target of a rollback with what the host's own history says
// about the release, if it has it: no other host writes that history.
func (r *run) ownTarget(m *member, to release.Activation) host.Target {
	t := r.target(to)
	if c, ok := m.Seen().History.Find(to.ID); ok {
		t.Version, t.Revision, t.Ref, t.Digest = c.Version, c.Revision, c.Ref, c.Digest
	}
	return t
}

// Fetch opens a release on the build host, for hosts that need it for a
// rollback. The returned function closes it. Nil: there is no build host.
type Fetch func(ctx context.Context, id release.ID) (Artifact, func(), error)

// fetchMissing sends the release to the hosts that lack it, if possible. If
// not, the rollback later reports each of those hosts, and the others go back.
func (r *run) fetchMissing(ctx context.Context, fetch Fetch, id release.ID) {
	missing := r.hosts.healthy().only(func(m *member) bool { return !slices.Contains(m.Seen().Releases, id) })
	if fetch == nil || len(missing) == 0 {
		return
	}
	defer r.log.Phase("Fetch %s for %s", id, missing.names())()
	a, done, err := fetch(ctx, id)
	if err != nil {
		r.log.Notice(fmt.Sprintf("%s: release %s is missing, and cannot be fetched from the build host: %v", missing.names(), id, err))
		return
	}
	defer done()
	m := a.Manifest()
	if r.outcome.Revision == "" { // it was never live on any host
		r.aim(Version{id, m.Version, m.Revision, m.Ref})
	}
	stage := func(h *member, s *spool) error {
		if err := h.Fits(m); err != nil {
			return err
		}
		return h.Stage(ctx, s)
	}
	r.sendTo(ctx, a, missing, stage, func(h *member, err error) { r.log.Say(h.Name(), "%v", err) })
}
