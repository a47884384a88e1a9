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
// the cancel comes first.
func Undo(ctx context.Context) (context.Context, context.CancelFunc) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cancelGrace, cancel) })
	return undo, func() {
		stop()
		cancel()
	}
}
