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

// patience is the key of the context whose end means that time is short.
type patience struct{}

// Patient returns a context whose end leaves all the time that is needed to undo
// changes: nobody kills the run. Only the end of hurry makes time short.
func Patient(ctx, hurry context.Context) context.Context {
	return context.WithValue(ctx, patience{}, hurry)
}

// Hurry returns the context whose end means that the run has only seconds left. That
// is ctx itself, as on a runner, unless it is [Patient].
func Hurry(ctx context.Context) context.Context {
	if hurry, ok := ctx.Value(patience{}).(context.Context); ok {
		return hurry
	}
	return ctx
}

// Undo returns a context for undoing changes. A cancel of ctx does not end it
// at once. From the moment when time is short it lasts as long as the runner allows,
// even if that moment comes first.
func Undo(ctx context.Context) (context.Context, context.CancelFunc) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	stop := context.AfterFunc(Hurry(ctx), func() { time.AfterFunc(cancelGrace, cancel) })
	return undo, func() {
		stop()
		cancel()
	}
}
