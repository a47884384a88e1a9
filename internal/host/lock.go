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
		h.lock, err = h.script().Lock(ctx, h.run.holder(), script.Wait{Most: max(0, wait), Told: func(holder string) {
			h.say("waiting up to %s for a %s", wait.Round(time.Second), holder)
		}})
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

// lostLock reports whether the lock ended without being released.
func (h *Host) lostLock() bool {
	select {
	case <-h.lock.Lost():
		return true
	default:
		return false
	}
}

// IsHeld reports whether an error of [Host.Lock] means that another run holds
// the lock.
func IsHeld(err error) bool { return errors.As(err, new(*script.Held)) }
