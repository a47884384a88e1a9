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

// At a laptop nobody kills the run: only the second Ctrl-C makes time short.
func TestAPatientCancelShortensNothing(t *testing.T) {
	for name, hurriedAfter := range map[string]time.Duration{"never": undoTimeout, "by a second one": 20 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hurry, hurried := context.WithCancel(t.Context())
				defer hurried()
				ctx, cancel := context.WithCancel(Patient(t.Context(), hurry))
				cancel()
				began := time.Now()
				undo, end := Undo(ctx)
				defer end()
				time.AfterFunc(hurriedAfter, hurried)
				<-undo.Done()
				if took, want := time.Since(began), min(undoTimeout, hurriedAfter+cancelGrace); took != want {
					t.Errorf("it ends after %s, want %s", took, want)
				}
			})
		})
	}
}
