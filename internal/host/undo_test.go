package host

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The time that a person or the runner allows starts at the cancel, even for
// work that was already being undone.
func TestACancelShortensWhatIsBeingUndone(t *testing.T) {
	for name, when := range map[string]time.Duration{"before": 0, "while": 30 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				if when == 0 {
					cancel()
				} else {
					time.AfterFunc(when, cancel)
				}
				undo, end := Undo(ctx)
				defer end()
				<-undo.Done()
				if took := time.Since(began); took != when+cancelGrace {
					t.Errorf("it ends after %s, want %s after the cancel", took, cancelGrace)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		undo, end := Undo(t.Context())
		defer end()
		<-undo.Done()
		if took := time.Since(began); took != undoTimeout {
			t.Errorf("without a cancel it ends after %s, want %s", took, undoTimeout)
		}
	})
}
