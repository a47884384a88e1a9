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
		h.askWhatRuns(ctx)
		return h.fail(Untouched, As(ctx, LockLost, errors.New("this run has lost the lock (it was silent for more than 30 s, or the connection broke); nothing was changed here")))
	}
	if err := h.before(ctx, to.Activation); err != nil {
		return h.fail(Untouched, As(ctx, Commands, fmt.Errorf("%w; nothing was switched here", err)))
	}
	h.begin(h.newChange(to))
	err := h.switchAndProve(ctx, to.Activation)
	h.result.Took = time.Since(h.activated)
	if err != nil {
		h.notProved(As(ctx, NotProved, err))
		h.say("%v", err)
		return err
	}
	h.result.Outcome, h.result.After = Live, to.ID
	h.say("proved in %.1f s", h.result.Took.Seconds())
	return nil
}

// notProved notes why an activation failed. If the host has refused the switch,
// nothing has to go back.
func (h *Host) notProved(err error) {
	if h.switched = !h.refused; h.refused {
		h.fail(Untouched, fmt.Errorf("%w; nothing was switched here", err))
		return
	}
	h.fail(Failed, err)
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
		h.started, err = h.switchTo(ctx, to, h.change.Key, &h.change)
		h.refused = isFenced(err)
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
	if _, err = h.hook(ctx, to, script.After, script.Hook{Commands: h.plan().After}); err != nil {
		return As(ctx, Commands, err)
	}
	return nil
}

// switchTo makes an activation current and restarts the units, as a part of the
// change with this key. It writes the record of the change first; without one,
// the existing record stays.
func (h *Host) switchTo(ctx context.Context, to release.Activation, key string, record *release.Change) (started script.Started, err error) {
	err = h.ofTheUser(func(scripts script.Host) (err error) {
		started, err = scripts.Activate(ctx, script.Switch{Units: h.plan().Units, To: to, Change: key, Record: record, Restart: h.restart()})
		return err
	})
	return started, err
}

// Conclude adds the proved change to the host's history.
func (h *Host) Conclude(ctx context.Context) error {
	h.change.Outcome = release.Live
	err := h.holding(ctx, func() error { return h.script().Conclude(ctx, h.change) })
	if err != nil {
		h.switched = !IsTakenOver(err)
		return err
	}
	h.switched = false
	h.seen.History = append(h.seen.History, h.change)
	return nil
}
