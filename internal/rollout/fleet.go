package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// mayGoOn reports whether no more hosts failed than may, and one is left.
func (r *run) mayGoOn() bool {
	return len(r.hosts)-len(r.healthy()) <= r.plan.MaxFailures && len(r.healthy()) > 0
}

// stopIfTooManyFailed ends a run in which nothing was switched yet. That another
// run changes one of the hosts is not for max-failures to allow.
func (r *run) stopIfTooManyFailed(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cancelled before anything was switched: %w", err)
	}
	if !r.mayGoOn() || r.isHeld() {
		return fmt.Errorf("nothing was switched on any host:\n%w", r.problems())
	}
	return nil
}

// activateAll makes the hosts run what is staged: the first one alone, then the
// others in batches, so that most of them go on serving. If more fail than may,
// all of them go back.
func (r *run) activateAll(ctx context.Context, id release.ID) error {
	defer r.log.Phase("Activate %s", id)()
	due := r.prepareAll(ctx, id)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		r.dropAll(ctx, due)
		return err
	}
	if err := r.once(ctx, due); err != nil {
		r.dropAll(ctx, due)
		return fmt.Errorf("nothing was switched on any host:\n%w", err)
	}
	batches := gatekept(due, r.plan.Parallel)
	for i, batch := range batches {
		if i > 0 {
			r.pause(ctx)
		}
		if culprit := r.activateBatch(ctx, batch, i == 0); culprit != nil {
			return r.goBack(ctx, batches, culprit)
		}
	}
	return r.concludeAll(ctx)
}

// gatekept is the first host alone, and then batches: a release that does not
// work is found out at the price of one host.
func gatekept(hosts []*host, p Parallel) [][]*host {
	if len(hosts) == 0 {
		return nil
	}
	return append([][]*host{hosts[:1]}, slices.Collect(slices.Chunk(hosts[1:], p.of(len(hosts))))...)
}

// prepareAll puts launcher and environment into their places, and says which of
// the hosts do not run the activation yet.
func (r *run) prepareAll(ctx context.Context, id release.ID) (due []*host) {
	each(r.healthy(), func(h *host) {
		if err := r.prepare(ctx, h, id); err != nil {
			h.fail(Untouched, err)
			r.log.Say(h.name, "%v", err)
		}
	})
	for _, h := range r.healthy() {
		if h.result.Outcome == Unchanged {
			r.log.Say(h.name, "runs %s already: nothing to change", h.to)
		} else {
			due = append(due, h)
		}
	}
	return due
}

func (r *run) prepare(ctx context.Context, h *host, id release.ID) error {
	to, same, err := r.on(h).Prepare(ctx, id, r.key, r.environment(h))
	if err != nil {
		return err
	}
	if same {
		to = h.seen.Current
	} else if to.Env != "" {
		h.seen.Activations = append(h.seen.Activations, to.Env)
	}
	h.to = to
	if same && r.runsAlready(ctx, h, to) {
		h.result.Outcome = Unchanged
	}
	return nil
}

// pause lets a batch show what it is worth, and ends with the run.
func (r *run) pause(ctx context.Context) {
	if r.plan.Pause <= 0 {
		return
	}
	r.log.Say("", "waiting for %s before the next batch", r.plan.Pause)
	select {
	case <-ctx.Done():
	case <-time.After(r.plan.Pause):
	}
}

// activateBatch returns the host for whose failure all have to go back, if there
// is one. One that may fail goes back alone.
func (r *run) activateBatch(ctx context.Context, batch []*host, first bool) (culprit *host) {
	if ctx.Err() != nil {
		batch[0].fail(Untouched, errors.New("the run was cancelled before this host was switched"))
		return batch[0]
	}
	eachOf(len(batch), batch, func(h *host) { r.activate(ctx, h, h.to) })
	var failed []*host
	for _, h := range batch {
		if h.failed() {
			failed = append(failed, h)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	if first || ctx.Err() != nil || !r.mayGoOn() {
		return failed[0]
	}
	undo, cancel := undoContext(ctx)
	defer cancel()
	each(failed, func(h *host) { r.revert(undo, h, h.result.Problem) })
	r.log.Notice(fmt.Sprintf("%s failed; max-failures allows %d", nameHosts(failed), r.plan.MaxFailures))
	return nil
}

// concludeAll writes the histories once every host is proved. Until then each
// host has its change record, and a run that dies is undone by the next one.
func (r *run) concludeAll(ctx context.Context) error {
	allowed := len(r.hosts) - len(r.healthy())
	each(r.healthy(), func(h *host) {
		if !h.switched {
			return
		}
		undo, cancel := undoContext(ctx)
		defer cancel()
		if err := r.conclude(undo, h); err != nil {
			h.fail(Failed, fmt.Errorf("it runs the new release, but its history could not be written: %w; run the same deploy again", err))
		}
	})
	unknown := slices.ContainsFunc(r.hosts, func(h *host) bool { return h.result.Outcome == Failed })
	if unknown || len(r.hosts)-len(r.healthy()) > allowed {
		return r.problems()
	}
	if allowed > 0 {
		r.outcome.Became = BecamePartial
		r.outcome.Notice = fmt.Sprintf("%s of %d stay on what they ran, as max-failures allows: deploy again when they are mended", count(allowed, "host"), len(r.hosts))
		r.log.Notice(r.outcome.Notice)
	}
	return nil
}

// goBack reverts every switched host, batch by batch, the last one first; after
// a cancel no batch waits for another, since seconds are left.
func (r *run) goBack(ctx context.Context, batches [][]*host, culprit *host) error {
	cause := culprit.result.Problem
	rest := skipRest(batches, culprit)
	back := switchedLastFirst(batches)
	if len(back) > 0 {
		r.log.Say("", "putting every switched host back to what it ran before")
	}
	inTurn(ctx, back, func(h *host) {
		undo, cancel := undoContext(ctx)
		defer cancel()
		reason := h.result.Problem
		if reason == "" {
			reason = fmt.Sprintf("%s failed: %s", culprit.name, cause)
		}
		r.revert(undo, h, reason)
	})
	if ctx.Err() == nil { // else there is no time, and the next prune does it
		r.dropAll(ctx, rest)
	}
	return fmt.Errorf("%s: %s", culprit.name, culprit.result.Problem)
}

// inTurn runs f for the hosts of one batch after the other; from a cancel on,
// for those of all that are left.
func inTurn(ctx context.Context, batches [][]*host, f func(*host)) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, batch := range batches {
		ended := make(chan struct{})
		all.Go(func() {
			defer close(ended)
			eachOf(len(batch), batch, f)
		})
		select {
		case <-ended:
		case <-ctx.Done():
		}
	}
}

func switchedLastFirst(batches [][]*host) (back [][]*host) {
	for _, batch := range slices.Backward(batches) {
		var switched []*host
		for _, h := range batch {
			if h.switched {
				switched = append(switched, h)
			}
		}
		if len(switched) > 0 {
			back = append(back, switched)
		}
	}
	return back
}

// skipRest marks the hosts that were not reached.
func skipRest(batches [][]*host, culprit *host) (rest []*host) {
	for _, h := range slices.Concat(batches...) {
		if !h.switched && !h.failed() && h.result.Outcome == Untouched {
			h.fail(Skipped, fmt.Errorf("not switched, because %s failed", culprit.name))
			rest = append(rest, h)
		}
	}
	return rest
}

// dropAll removes the environments of an activation that did not come about.
func (r *run) dropAll(ctx context.Context, hosts []*host) {
	undo, cancel := undoContext(ctx)
	defer cancel()
	each(hosts, func(h *host) { r.dropEnvironment(undo, h, h.to) })
}
