package host

import (
	"context"
	"time"
)

const (
	// GitHub kills a cancelled step 7.5 s after the first signal.
	cancelGrace = 6500 * time.Millisecond
	undoTimeout = 3 * time.Minute
)

// Undo returns a context for undoing changes. A cancel of ctx does not end it
// at once. From the cancel on it lasts as long as the runner allows, even if
// the cancel comes first. With [WithHurry] it lasts that long from the hurry on.
func Undo(ctx context.Context) (context.Context, context.CancelFunc) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	stop := context.AfterFunc(ctx, func() {
		if hurry, ok := ctx.Value(hurryKey{}).(<-chan struct{}); ok {
			select {
			case <-hurry:
			case <-undo.Done():
			}
		}
		time.AfterFunc(cancelGrace, cancel)
	})
	return undo, func() {
		stop()
		cancel()
	}
}

type hurryKey struct{}

// WithHurry returns a context for a run that nobody kills: after a cancel it may take the
// time that it needs to undo its changes, until hurry is closed.
func WithHurry(ctx context.Context, hurry <-chan struct{}) context.Context {
	return context.WithValue(ctx, hurryKey{}, hurry)
}
