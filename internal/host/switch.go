package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Activate makes the host run the target, and proves it. After a failure the
// host may be switched: the fleet decides which hosts go back.
func (h *Host) Activate(ctx context.Context, to Target) error {
	if h.lostLock() {
		return h.fail(Untouched, errors.New("the lock was lost (the connection broke?); nothing was changed here"))
	}
	if err := h.before(ctx, to.Activation); err != nil {
		return h.fail(Untouched, fmt.Errorf("%w; nothing was switched here", err))
	}
	h.begin(h.newChange(to))
	err := h.switchAndProve(ctx, to.Activation)
	h.result.Took = time.Since(h.activated)
	if err != nil {
		h.fail(Failed, err)
		h.say("%v", err)
		return err
	}
	h.result.Outcome, h.result.After = Live, to.ID
	h.say("proved in %.1f s", h.result.Took.Seconds())
	return nil
}

// before runs before-activate. If it fails, nothing will use the environment
// that was delivered for the target.
func (h *Host) before(ctx context.Context, to release.Activation) error {
	_, err := h.hook(ctx, to, script.Before, script.Hook{Commands: h.plan().Before})
	if err != nil {
		undo, cancel := Undo(ctx)
		defer cancel()
		h.Drop(undo, to)
	}
	return err
}

// begin notes that the host is about to be switched.
func (h *Host) begin(c release.Change) {
	h.activated, h.change, h.switched = time.Now(), c, true
}

func (h *Host) switchAndProve(ctx context.Context, to release.Activation) error {
	err := h.timed(PhaseSwitch, func() (err error) {
		h.started, err = h.switchTo(ctx, to, &h.change)
		return err
	})
	if err != nil {
		return err
	}
	h.say("switched from %s to %s and restarted", h.change.Source(), to)
	err = h.timed(PhaseProve, func() error {
		return h.newProof(to, h.started).wait(ctx, h.plan().Settle, h.plan().Timeout)
	})
	if err != nil {
		return err
	}
	_, err = h.hook(ctx, to, script.After, script.Hook{Commands: h.plan().After})
	return err
}

// switchTo makes an activation current and restarts the units. It writes the
// record first; without one, the existing record stays.
func (h *Host) switchTo(ctx context.Context, to release.Activation, record *release.Change) (script.Started, error) {
	return h.script().Activate(ctx, script.Switch{Units: h.plan().Units, To: to, Record: record, Restart: h.restart()})
}

// Conclude adds the proved change to the host's history.
func (h *Host) Conclude(ctx context.Context) error {
	if err := h.reach(ctx); err != nil {
		return err
	}
	h.change.Outcome = release.Live
	if err := h.script().Conclude(ctx, h.change); err != nil {
		return err
	}
	h.switched = false
	h.seen.History = append(h.seen.History, h.change)
	return nil
}
