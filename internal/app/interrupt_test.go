package app

import (
	"context"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
)

// notes is a log that a test reads while others write.
type notes struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// These signals are the test's own: it must not run beside others that expect some.
func TestOnlyTheSecondSignalHurriesAtATerminal(t *testing.T) {
	for name, c := range map[string]struct {
		variable string
		patient  bool
	}{"a terminal": {"", true}, "a workflow's runner": {"true", false}} {
		t.Run(name, func(t *testing.T) {
			var said notes
			ctx, signals := interrupted(t.Context(), func(string) string { return c.variable })
			defer signals.stop()
			signals.sayOn(progress.New(progress.Terminal{W: &said}))
			syscall.Kill(syscall.Getpid(), syscall.SIGINT)
			<-ctx.Done()
			undo, end := host.Undo(ctx)
			defer end()
			if got := strings.Contains(said.String(), onCancel); got != c.patient {
				t.Errorf("it says %q", &said)
			}
			if !c.patient {
				return
			}
			syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
			ended, cancel := context.WithTimeout(undo, 20*time.Second)
			defer cancel()
			<-ended.Done()
			if undo.Err() == nil || !strings.Contains(said.String(), onHurry) {
				t.Errorf("a second signal does not make it hurry; it says %q", &said)
			}
		})
	}
}
