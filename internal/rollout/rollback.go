package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// Rollback makes the hosts run an earlier release that they still have: the one
// that the plan names, else the one below the top of most hosts' histories. It
// needs nothing but the hosts. One that cannot be reached or fails does not
// stop the others and does not take them back; it makes the run fail.
func Rollback(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) (Result, error) {
	r := newRun(plan, candidates, log)
	defer r.part()
	target, err := r.rollback(ctx)
	change := r.known(target)
	return r.result(release.Rollback, target, change.Version, change.Revision), err
}

func (r *run) rollback(ctx context.Context) (release.ID, error) {
	r.prepare(ctx, release.Rollback)
	target, err := r.chooseTarget()
	repaired := r.repairAll(ctx)
	if err != nil && repaired {
		// A first deploy died: that nothing runs again is all there is to go back to.
		return "", r.problems()
	}
	if err != nil {
		return "", errors.Join(err, r.problems())
	}
	if len(r.healthy()) > 0 {
		r.returnAll(ctx, target)
	}
	return target, r.problems()
}

func (r *run) chooseTarget() (release.ID, error) {
	if r.plan.Target != "" {
		return r.plan.Target, nil
	}
	states := map[string]release.HostState{}
	for _, h := range r.healthy() {
		state := release.HostState{Stack: h.seen.History.Stack()}
		if c := h.seen.Change; c != nil && !h.seen.History.Has(c.Key) {
			state.Dead = c
		}
		states[h.name] = state
	}
	if len(states) == 0 {
		return "", errors.New("no host can be rolled back")
	}
	return release.RollbackTarget(states)
}

func (r *run) returnAll(ctx context.Context, target release.ID) {
	defer r.log.Phase("Roll back to %s", target)()
	version := r.known(target)
	for _, h := range r.healthy() {
		if err := ctx.Err(); err != nil {
			h.fail(Untouched, errors.New("the run was cancelled before this host was switched"))
			continue
		}
		r.returnOne(ctx, h, r.newChange(h, release.Rollback, target, version.Version, version.Revision))
	}
}

func (r *run) returnOne(ctx context.Context, h *host, c release.Change) {
	switch {
	case !slices.Contains(h.seen.Releases, c.To):
		h.fail(Untouched, fmt.Errorf("release %s is not on this host; it has %v", c.To, h.seen.Releases))
		r.log.Say(h.name, "%s", h.result.Problem)
		return
	case r.runsAlready(ctx, h, c.To):
		h.result.Outcome, h.result.After = Unchanged, c.To
		r.log.Say(h.name, "runs %s already: nothing to change", c.To)
		return
	}
	if err := r.recheck(ctx, h, c.To); err != nil {
		h.fail(Untouched, fmt.Errorf("%w; name another release ID to go back to: this host has %v", err, h.seen.Releases))
		r.log.Say(h.name, "%s", h.result.Problem)
		return
	}
	err := r.activate(ctx, h, c)
	undo, cancel := undoContext(ctx)
	defer cancel()
	if err != nil {
		r.revert(undo, h, err.Error())
		return
	}
	if err := r.conclude(undo, h); err != nil {
		h.fail(Failed, fmt.Errorf("it runs %s, but its history could not be written: %w", c.To, err))
	}
}

// known is what the hosts' histories say of a release.
func (r *run) known(id release.ID) release.Change {
	for _, h := range r.hosts {
		if c, ok := h.seen.History.Find(id); ok {
			return c
		}
	}
	return release.Change{}
}
