package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Rollback makes the hosts run an earlier release that they still have: the one
// that the plan names, else the one below the top of most hosts' histories. It
// needs nothing but the hosts; one that does not have that release any more gets
// it from the build host, if there is one. A host that cannot be reached or fails does not
// stop the others and does not take them back; it makes the run fail.
func Rollback(ctx context.Context, plan Plan, candidates []Candidate, fetch Fetch, log *progress.Log) (Result, error) {
	r := newRun(release.Rollback, plan, candidates, log)
	defer r.part()
	err := r.rollback(ctx, fetch)
	return r.result(err), err
}

func (r *run) rollback(ctx context.Context, fetch Fetch) error {
	r.meet(ctx, needs{})
	if r.isHeld() {
		return fmt.Errorf("nothing was changed on any host:\n%w", r.problems())
	}
	target, err := r.chooseTarget()
	version := r.known(target.ID)
	r.outcome.Target, r.outcome.Version, r.outcome.Revision, r.outcome.Ref = target.ID, version.Version, version.Revision, version.Ref
	if !target.IsZero() {
		r.tellMigrations(target)
	}
	if r.plan.DryRun {
		return errors.Join(err, r.rehearse(ctx, target))
	}
	repaired := r.repairAll(ctx)
	if err != nil && repaired {
		// A first deploy died: that nothing runs again is all there is to go back to.
		r.outcome.Target = ""
		return r.problems()
	}
	if err != nil {
		return errors.Join(err, r.problems())
	}
	r.fetchMissing(ctx, fetch, target.ID)
	if len(r.healthy()) > 0 {
		r.returnAll(ctx, target)
	}
	return r.problems()
}

// rehearse says what a rollback would do, and what would keep it from that.
func (r *run) rehearse(ctx context.Context, target release.Activation) error {
	r.outcome.Became, r.outcome.Plan = BecamePlan, r.plan.steps(release.Rollback, release.Manifest{})
	for _, h := range r.healthy() {
		if target.IsZero() {
			break
		}
		to := r.own(h, target)
		if err := r.usable(ctx, h, to); err != nil {
			h.fail(Untouched, err)
			continue
		}
		r.log.Say(h.name, "would go from %s to %s", h.seen.Current, to)
	}
	return r.problems()
}

func (r *run) chooseTarget() (release.Activation, error) {
	if r.plan.Target != "" {
		return release.Activation{ID: r.plan.Target}, nil
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
		return release.Activation{}, errors.New("no host can be rolled back")
	}
	return release.RollbackTarget(states)
}

func (r *run) returnAll(ctx context.Context, target release.Activation) {
	defer r.log.Phase("Roll back to %s", target)()
	r.inBatches(ctx, r.healthy(), func(h *host) { r.returnOne(ctx, h, r.own(h, target)) })
}

// own is what the fleet's target is on this host: it may have had another
// environment there.
func (r *run) own(h *host, target release.Activation) release.Activation {
	if r.plan.Target != "" {
		a, _ := h.seen.History.Choose(target.ID)
		return a
	}
	return h.seen.History.Return(target)
}

func (r *run) returnOne(ctx context.Context, h *host, to release.Activation) {
	if r.runsAlready(ctx, h, to) {
		h.result.Outcome, h.result.After = Unchanged, to.ID
		r.log.Say(h.name, "runs %s already: nothing to change", to)
		return
	}
	if err := r.timed(h, PhaseVerify, func() error { return r.usable(ctx, h, to) }); err != nil {
		h.fail(Untouched, err)
		r.log.Say(h.name, "%s", h.result.Problem)
		return
	}
	to, err := r.withEnvironment(ctx, h, to)
	if err != nil {
		h.fail(Untouched, err)
		return
	}
	err = r.activate(ctx, h, to)
	undo, cancel := undoContext(ctx)
	defer cancel()
	if err != nil {
		r.revert(undo, h, err.Error())
		return
	}
	if err := r.conclude(undo, h); err != nil {
		h.fail(Failed, fmt.Errorf("it runs %s, but its history could not be written: %w", to, err))
	}
}

// withEnvironment gives a release that was never live here the environment that
// the host has: it has none of its own to go back to.
func (r *run) withEnvironment(ctx context.Context, h *host, a release.Activation) (release.Activation, error) {
	if _, live := h.seen.History.LatestOf(a.ID); live || h.seen.Current.Env == "" {
		return a, nil
	}
	a, _, err := r.on(h).Prepare(ctx, a.ID, r.key, script.Environment{Keep: h.seen.Current.Env})
	return a, err
}

// usable says why the host cannot go back to an activation, and what it can go
// back to instead.
func (r *run) usable(ctx context.Context, h *host, a release.Activation) error {
	err := r.complete(ctx, h, a)
	if err == nil {
		return nil
	}
	for _, other := range instead(h.seen, a) {
		if r.complete(ctx, h, other) == nil {
			return fmt.Errorf("%w; the next good one here is %s: roll back to it by its release ID", err, other.ID)
		}
	}
	return fmt.Errorf("%w; no other release in this host's history is good: deploy one", err)
}

// instead lists where a rollback could go in place of an activation: what is
// below that one in the history, then what is below what runs.
func instead(in script.Inspection, a release.Activation) []release.Activation {
	var others []release.Activation
	for _, other := range append(in.History.Before(a), in.History.Before(in.Current)...) {
		if other.ID != a.ID && other.ID != in.Current.ID && !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	return others
}

func (r *run) complete(ctx context.Context, h *host, a release.Activation) error {
	if !slices.Contains(h.seen.Releases, a.ID) {
		return fmt.Errorf("release %s is not on this host, which has %s", a.ID, list(h.seen.Releases))
	}
	if a.Env != "" && !slices.Contains(h.seen.Activations, a.Env) {
		return fmt.Errorf("the environment of release %s (%s) is not on this host any more", a.ID, r.plan.Layout.Activation(a.Env))
	}
	return r.recheck(ctx, h, a.ID)
}

func list(ids []release.ID) string {
	if len(ids) == 0 {
		return "none"
	}
	var words []string
	for _, id := range ids {
		words = append(words, string(id))
	}
	return strings.Join(words, ", ")
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
