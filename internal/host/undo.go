package host

import (
	"context"
	"time"
)

const (
	// GitHub ends a cancelled step 7.5 s after the first signal.
	cancelGrace = 6500 * time.Millisecond
	undoTimeout = 3 * time.Minute
)

// Undo returns a context for what has to be undone. A cancel of ctx does not end
// it at once: it goes on for as long as the runner allows, whether the cancel
// comes before or in the middle.
func Undo(ctx context.Context) (context.Context, context.CancelFunc) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cancelGrace, cancel) })
	return undo, func() {
		stop()
		cancel()
	}
}
