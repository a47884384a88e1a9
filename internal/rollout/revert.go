package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// Revert takes a release back that [Activate] made live, on the hosts that run
// it: to what they ran before, if that was nothing, to nothing. It is for a part
// of a fleet of which another part failed. Like a rollback it needs nothing but
// the hosts, and one that fails stops no other; unlike one it does not make the
// release bad.
func Revert(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) (Result, error) {
	r := newRun(release.Revert, plan, candidates, log)
	defer r.part()
	err := r.revertAll(ctx)
	return r.result(err), err
}

func (r *run) revertAll(ctx context.Context) error {
	id := r.plan.Expect.ID
	r.outcome.Target = id
	r.meet(ctx, needs{staged: id})
	if r.isHeld() {
		return r.problems()
	}
	version := r.known(id)
	r.outcome.Version, r.outcome.Revision, r.outcome.Ref = version.Version, version.Revision, version.Ref
	r.repairAll(ctx)
	var due []*host
	for _, h := range r.healthy() {
		if back, err := r.earlier(ctx, h, id); err != nil {
			h.fail(Untouched, err)
			r.log.Say(h.name, "%v", err)
		} else if back != nil {
			h.to = *back
			due = append(due, h)
		}
	}
	r.takeBackAll(ctx, id, due)
	if err := r.problems(); err != nil {
		return err
	}
	if len(due) > 0 {
		r.outcome.Became = BecameReverted
	}
	return nil
}

// earlier is what a host goes back to, nil if it stays as it is.
func (r *run) earlier(ctx context.Context, h *host, id release.ID) (*release.Activation, error) {
	now := h.seen.Current
	made, wasLive := h.seen.History.Find(id)
	staged, noteErr := release.ParseStaged(h.seen.Staged, id)
	switch {
	case now.ID != id && wasLive && h.replaced(made):
		return nil, fmt.Errorf("current is %s, and %s is expected: something else was deployed since then; nothing was changed here", now, id)
	case now.ID != id:
		h.result.Outcome = Unchanged
		r.log.Say(h.name, "runs %s, and not %s: nothing to take back", now, id)
		return nil, nil
	case !wasLive || made.Target() != now:
		return nil, fmt.Errorf("current is %s, and the history does not say what was there before: roll back to a release by its ID", now)
	case noteErr == nil && staged.Source() == now:
		h.result.Outcome = Unchanged
		r.log.Say(h.name, "ran %s before it was staged: nothing to take back", id)
		return nil, nil
	}
	back := made.Source()
	if back.IsZero() {
		return &back, nil
	}
	if err := r.usable(ctx, h, back); err != nil {
		return nil, fmt.Errorf("%s cannot be taken back: %w", id, err)
	}
	return &back, nil
}

// replaced reports whether something was deployed or rolled back after a change;
// that it was reverted is as it should be.
func (h *host) replaced(made release.Change) bool {
	after := false
	for _, c := range h.seen.History {
		if after && c.Outcome == release.Live && c.Verb != release.Revert {
			return true
		}
		after = after || c.Key == made.Key
	}
	return false
}

func (r *run) takeBackAll(ctx context.Context, id release.ID, due []*host) {
	if len(due) == 0 {
		return
	}
	defer r.log.Phase("Take %s back on %s", id, count(len(due), "host"))()
	r.inBatches(ctx, due, func(h *host) { r.takeBack(ctx, h) })
}

// inBatches goes on whatever becomes of single hosts.
func (r *run) inBatches(ctx context.Context, due []*host, f func(*host)) {
	n := r.plan.Parallel.of(len(due))
	for i := 0; i < len(due); i += n {
		if i > 0 {
			r.pause(ctx)
		}
		batch := due[i:min(i+n, len(due))]
		eachOf(n, batch, func(h *host) {
			if ctx.Err() != nil {
				h.fail(Untouched, errors.New("the run was cancelled before this host was switched"))
				return
			}
			f(h)
		})
	}
}

// takeBack does not go forward again: that the earlier release does not work any
// more is told, and is for a person.
func (r *run) takeBack(ctx context.Context, h *host) {
	h.activated, h.change, h.switched = time.Now(), r.newChange(h, h.to), true
	earlier, _ := h.seen.History.Find(h.to.ID)
	h.change.Version, h.change.Revision, h.change.Ref = earlier.Version, earlier.Revision, earlier.Ref
	undo, cancel := undoContext(ctx)
	defer cancel()
	var err error
	proofErr := r.timed(h, PhaseGoBack, func() error {
		h.started, err = r.switchTo(undo, h, h.to, &h.change)
		return r.proveBack(undo, h, h.to, h.started)
	})
	h.result.Took = time.Since(h.activated)
	if proofErr != nil {
		h.result.UnitLog = r.unitLogs(undo, h)
		r.notBack(undo, h, "taking "+string(h.change.From)+" back", errors.Join(err, proofErr))
		return
	}
	h.result.After = h.to.ID
	if err := r.conclude(undo, h); err != nil {
		h.fail(Failed, fmt.Errorf("it runs %s, but its history could not be written: %w", h.to, err))
		return
	}
	h.result.Outcome = Reverted
	r.log.Say(h.name, "back on %s after %.1f s", h.to, h.result.Took.Seconds())
}
