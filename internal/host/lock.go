package host

import (
	"context"
	"errors"
	"time"

	"github.com/apxr/slipway/internal/script"
)

// Lock takes the host's lock, and waits for another run that has it: at most for
// wait, not at all for 0. [IsHeld] tells that error from others.
func (h *Host) Lock(ctx context.Context, wait time.Duration) error {
	h.lockErr = h.timed(PhaseLock, func() (err error) {
		h.lock, err = h.script().Lock(ctx, h.run.holder(), script.Wait{Most: max(0, wait), Told: func(holder string) {
			h.say("waiting up to %s for a %s", wait.Round(time.Second), holder)
		}})
		return err
	})
	return h.lockErr
}

// Unlock gives the lock back, if the host has it.
func (h *Host) Unlock() {
	if h.lock != nil {
		h.lock.Release()
		h.lock = nil
	}
}

// lostLock reports whether the lock ended without being given back.
func (h *Host) lostLock() bool {
	select {
	case <-h.lock.Lost():
		return true
	default:
		return false
	}
}

// IsHeld reports whether an error of [Host.Lock] says that another run has the
// lock.
func IsHeld(err error) bool { return errors.As(err, new(*script.Held)) }
