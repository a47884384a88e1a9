package rollout

import (
	"context"
	"fmt"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// Revert undoes [Activate] on the hosts that run the release. They go back to
// what they ran before, even if that was nothing. It is for one part of a fleet
// when another part failed. Like a rollback it needs only the hosts, and a
// failed host stops no other. Unlike a rollback it does not mark the release as
// bad.
func Revert(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) (Result, error) {
	r := newRun(release.Revert, plan, candidates, log)
	defer r.part()
	err := r.revert(ctx)
	return r.result(ctx, err), err
}

func (r *run) revert(ctx context.Context) error {
	id := r.plan.Expect.ID
	r.aim(Version{ID: id})
	r.meet(ctx, host.Question{Staged: id})
	if r.hosts.isHeld() {
		return r.failed("nothing was changed on any host")
	}
	r.aim(r.hosts.described(id))
	r.hosts.healthy().repair(ctx)
	if due := r.dueBack(ctx, id); len(due) > 0 {
		r.takeBackAll(ctx, due)
		r.outcome.Became = BecameReverted
	}
	return r.problems()
}

// dueBack returns the hosts that run the release because it was activated
// there.
func (r *run) dueBack(ctx context.Context, id release.ID) (due fleet) {
	for _, m := range r.hosts.healthy() {
		back, stays, err := earlier(m.Seen(), id)
		if err != nil {
			err = host.As(ctx, host.Changed, err)
		} else if !back.IsZero() {
			err = r.mayReturn(ctx, m, back)
		}
		switch {
		case err != nil:
			r.refuse(m, err)
		case stays != "":
			m.Result().Outcome = host.Unchanged
			r.log.Say(m.Name(), "%s: nothing to take back", stays)
		default:
			m.to = back
			due = append(due, m)
		}
	}
	return due
}

func (r *run) mayReturn(ctx context.Context, m *member, back release.Activation) error {
	if err := m.Usable(ctx, back); err != nil {
		return host.As(ctx, host.Incomplete, fmt.Errorf("%s cannot be taken back: %w", r.outcome.Target, err))
	}
	return nil
}

// earlier returns what a host goes back to, or why it stays on the release.
func earlier(seen host.Seen, id release.ID) (back release.Activation, stays string, err error) {
	now := seen.Current
	made, wasLive := seen.History.Find(id)
	staged, noteErr := release.ParseStaged(seen.Staged, id)
	switch {
	case now.ID != id && wasLive && seen.Replaced(made):
		return back, "", fmt.Errorf("current is %s, and %s is expected: something else was deployed since then; nothing was changed here", now, id)
	case now.ID != id:
		return back, fmt.Sprintf("runs %s, and not %s", now, id), nil
	case !wasLive || made.Target() != now:
		return back, "", fmt.Errorf("current is %s, and the history does not say what was there before: roll back to a release by its ID", now)
	case noteErr == nil && staged.Source() == now:
		return back, fmt.Sprintf("ran %s before it was staged", id), nil
	}
	return made.Source(), "", nil
}

func (r *run) takeBackAll(ctx context.Context, due fleet) {
	defer r.log.Phase("Take %s back on %s", r.outcome.Target, words.Count(len(due), "host"))()
	r.inBatches(ctx, due, func(m *member) { m.TakeBack(ctx, m.to) })
}
