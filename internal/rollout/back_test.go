package rollout

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// three are batches of one, two and one hosts; each of them takes a minute.
func three() [][]*host {
	return [][]*host{{{name: "a"}}, {{name: "b"}, {name: "c"}}, {{name: "d"}}}
}

// begun notes when work on a host began.
func begun(ctx context.Context, batches [][]*host) map[string]time.Duration {
	start, times := time.Now(), map[string]time.Duration{}
	var mu sync.Mutex
	inTurn(ctx, batches, func(h *host) {
		mu.Lock()
		times[h.name] = time.Since(start)
		mu.Unlock()
		time.Sleep(time.Minute)
	})
	return times
}

func TestBatchesGoBackInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := begun(t.Context(), three())
		for name, want := range map[string]time.Duration{"a": 0, "b": time.Minute, "c": time.Minute, "d": 2 * time.Minute} {
			if at, ok := got[name]; !ok || at != want {
				t.Errorf("%s goes back after %s, want %s", name, at, want)
			}
		}
	})
}

func TestAfterACancelNoBatchWaitsForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const when = 20 * time.Second
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(when, cancel)
		began := time.Now()
		got := begun(ctx, three())
		if want := []time.Duration{0, when, when, when}; !slices.Equal([]time.Duration{got["a"], got["b"], got["c"], got["d"]}, want) {
			t.Errorf("they go back after %v, want %v", got, want)
		}
		if took := time.Since(began); took != when+time.Minute {
			t.Errorf("it is over after %s, with hosts still going back", took)
		}
	})
}

// What a person or the runner allows counts from the cancel on, also for what
// was being undone by then.
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
				undo, end := undoContext(ctx)
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
		undo, end := undoContext(t.Context())
		defer end()
		<-undo.Done()
		if took := time.Since(began); took != undoTimeout {
			t.Errorf("without a cancel it ends after %s, want %s", took, undoTimeout)
		}
	})
}
