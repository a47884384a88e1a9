package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// repairPatience is how long a repaired host may take to answer again.
const repairPatience = 20 * time.Second

// repairAll makes up for runs that died: what they left is removed, and a change
// that they were in the middle of is taken back. It reports whether one of them
// was a deploy.
func (r *run) repairAll(ctx context.Context) bool {
	found := false
	for _, h := range r.healthy() {
		found = found || h.seen.Change != nil && h.seen.Change.Verb == release.Deploy
	}
	each(r.healthy(), func(h *host) {
		if err := r.repair(ctx, h); err != nil {
			h.fail(Failed, err)
		}
	})
	return found
}

func (r *run) repair(ctx context.Context, h *host) error {
	if len(h.seen.Leftovers) > 0 {
		r.tidy(ctx, h)
	}
	record := h.seen.Change
	if record == nil {
		return nil
	}
	if h.seen.History.Has(record.Key) {
		// It was concluded; only the removal of its record is missing.
		return r.on(h).Forget(ctx)
	}
	from := record.Source()
	if h.seen.Current != from || h.seen.Running() != from.ID {
		if err := r.timed(h, PhaseRepair, func() error { return r.goBackTo(ctx, h, from) }); err != nil {
			return fmt.Errorf("a run of %s died in the middle of a change to %s, and going back to %s failed: %w",
				record.At.Format(time.RFC3339), record.Target(), from, err)
		}
	}
	record.Outcome, record.Reason = release.Interrupted, "the run ended in the middle of the change"
	if err := r.on(h).Conclude(ctx, *record); err != nil {
		return err
	}
	r.log.Say(h.name, "repaired: a run of %s ended in the middle of a change to %s; back on %s",
		record.At.Format(time.RFC3339), record.Target(), from)
	h.seen.Current = from
	for i := range h.seen.Units {
		h.seen.Units[i].Running = from.ID
	}
	h.seen.History = append(h.seen.History, *record)
	h.result.Before, h.result.After = from.ID, from.ID
	return nil
}

// tidy removes what dead runs left. What cannot be removed is in the way of
// what needs its place, if anything does; a rollback must not wait for that.
func (r *run) tidy(ctx context.Context, h *host) {
	if err := r.on(h).Tidy(ctx); err != nil {
		r.log.Notice(fmt.Sprintf("%s: %v", h.name, err))
		return
	}
	r.log.Say(h.name, "removed what a run that died has left: %s", h.seen.Leftovers)
}

// goBackTo restarts what ran before. That it does not work any more keeps
// nobody from deploying what mends it; so it is told, and is no error.
func (r *run) goBackTo(ctx context.Context, h *host, a release.Activation) error {
	started, err := r.switchTo(ctx, h, a, nil)
	if err != nil {
		return r.withWhatIsSo(ctx, h, err)
	}
	ctx, cancel := context.WithTimeout(ctx, repairPatience)
	defer cancel()
	// Waiting also spares the next restart a BEAM that is still booting: it
	// would ignore SIGTERM until systemd loses patience.
	if err := r.proveBack(ctx, h, a, started); err != nil {
		r.log.Say(h.name, "%s runs again and is not healthy: %v", a, err)
	}
	return nil
}

// withWhatIsSo adds to an error what runs on the host now, if that can be seen.
func (r *run) withWhatIsSo(ctx context.Context, h *host, err error) error {
	now, probeErr := r.on(h).Probe(ctx, r.plan.Units, nil)
	if probeErr != nil {
		return err
	}
	h.result.After = now.Current.ID
	return fmt.Errorf("%w; it runs %s, and current leads to %s", err, orNothing(now.Running()), now.Current)
}
