package host

import (
	"context"
	"errors"
	"time"

	"github.com/apxr/slipway/internal/script"
)

// Lock takes the host's lock. If another run holds it, Lock waits at most for
// wait; 0 means not at all. [IsHeld] recognizes the error of such a lock.
func (h *Host) Lock(ctx context.Context, wait time.Duration) error {
	h.lockErr = h.timed(PhaseLock, func() (err error) {
		h.lock, err = h.script().Lock(ctx, h.holder(), script.Wait{
			Most:   max(0, wait),
			Told:   func(holder string) { h.say("waiting up to %s for a %s", wait.Round(time.Second), holder) },
			Ending: h.sayEnding,
		})
		return err
	})
	return h.lockErr
}

// Unlock releases the lock, if this run holds it.
func (h *Host) Unlock() {
	if h.lock != nil {
		h.lock.Release()
		h.lock = nil
	}
}

func (h *Host) sayEnding() { h.say("waiting for the end of what the last run has left here") }

// lostLock reports whether the lock ended without being released.
func (h *Host) lostLock() bool {
	select {
	case <-h.lock.Lost():
		return true
	default:
		return h.fenced
	}
}

// isFenced reports whether a script changed nothing because this run has lost
// the lock.
func isFenced(err error) bool { return errors.As(err, new(*script.Fenced)) }

// fencedOff notes that a script changed nothing because this run has lost the
// lock.
func (h *Host) fencedOff(ctx context.Context) {
	h.fenced = true
	h.askWhatRuns(ctx)
}

// Ask finds out what the host runs, if this run has lost the lock: another run
// may have changed the host.
func (h *Host) Ask(ctx context.Context) {
	if h.conn != nil && h.lock != nil && h.lostLock() {
		h.askWhatRuns(ctx)
	}
}

// askTimeout bounds a question to a host that another run may be changing.
const askTimeout = 10 * time.Second

// askWhatRuns finds out what the host runs, for the result of a run that may no longer
// change it.
func (h *Host) askWhatRuns(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	if now, err := h.script().Probe(ctx, h.plan().Units, nil); err == nil {
		h.result.After = now.Current.ID
	}
}

// IsHeld reports whether an error of [Host.Lock] means that another run holds
// the lock.
func IsHeld(err error) bool { return errors.As(err, new(*script.Held)) }
