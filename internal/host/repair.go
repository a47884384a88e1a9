package host

import (
	"context"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// repairPatience is how long a repaired host may take to answer again.
const repairPatience = 20 * time.Second

// Repair cleans up after dead runs. It removes their files, and undoes a change
// that they did not finish.
func (h *Host) Repair(ctx context.Context) error {
	if len(h.seen.Leftovers) > 0 {
		h.tidy(ctx)
	}
	record := h.seen.Change
	if record == nil {
		return nil
	}
	if h.seen.Dead() == nil {
		// The change was concluded; only its record was not removed.
		return h.script().Forget(ctx, record.Key)
	}
	from := record.Source()
	if h.seen.Current != from || h.seen.Running() != from.ID {
		if err := h.timed(PhaseRepair, func() error { return h.restartDead(ctx, *record) }); err != nil {
			return fmt.Errorf("a run of %s died in the middle of a change to %s, and going back to %s failed: %w",
				record.At.Format(time.RFC3339), record.Target(), from, err)
		}
	}
	record.Outcome, record.Reason = release.Interrupted, "the run ended in the middle of the change"
	if err := h.script().Conclude(ctx, *record); err != nil {
		return err
	}
	h.say("repaired: a run of %s ended in the middle of a change to %s; back on %s", record.At.Format(time.RFC3339), record.Target(), from)
	h.repaired(*record)
	return nil
}

// repaired notes what the host runs after a change was undone.
func (h *Host) repaired(c release.Change) {
	from := c.Source()
	h.seen.Current = from
	for i := range h.seen.Units {
		h.seen.Units[i].Running = from.ID
	}
	h.seen.History = append(h.seen.History, c)
	h.result.Before, h.result.After = from.ID, from.ID
}

// tidy removes the files of dead runs. A rollback must not fail because a file
// cannot be removed. Only a run that needs its place has to fail.
func (h *Host) tidy(ctx context.Context) {
	if err := h.script().Tidy(ctx); err != nil {
		h.notice("%v", err)
		return
	}
	h.say("removed what a run that died has left: %s", h.seen.Leftovers)
}

// restartDead restarts what ran before the dead run. A release that no longer
// starts is logged, not returned: the next deploy must be able to fix it.
func (h *Host) restartDead(ctx context.Context, dead release.Change) error {
	a := dead.Source()
	started, err := h.switchTo(ctx, a, dead.Key, nil)
	if err != nil {
		return h.withState(ctx, err)
	}
	ctx, cancel := context.WithTimeout(ctx, repairPatience)
	defer cancel()
	// The wait also protects the next restart from a BEAM that is still
	// booting. Such a BEAM would ignore SIGTERM until systemd kills it.
	if err := h.proveBack(ctx, a, started); err != nil {
		h.say("%s runs again and is not healthy: %v", a, err)
	}
	return nil
}

// withState adds what the host runs now to an error, if that can be found out.
func (h *Host) withState(ctx context.Context, err error) error {
	now, probeErr := h.script().Probe(ctx, h.plan().Units, nil)
	if probeErr != nil {
		return err
	}
	h.result.After = now.Current.ID
	return fmt.Errorf("%w; it runs %s, and current leads to %s", err, words.OrNothing(now.Running()), now.Current)
}

// proveStopped proves that nothing runs, on a host where nothing ran before.
func (h *Host) proveStopped(ctx context.Context) error {
	now, err := h.script().Probe(ctx, h.plan().Units, nil)
	if err != nil {
		return err
	}
	for _, u := range now.Units {
		if stopped := u.Active != "active" && now.Current.IsZero(); !stopped {
			return fmt.Errorf("%s is %s and current is %s", u.Name, u.Active, now.Current)
		}
	}
	return nil
}
