package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestACommandOnTheTerminalOfThisProcess(t *testing.T) {
	t.Parallel()
	m := machine(t)
	in, err := os.Open(os.DevNull)
	must(t, err)
	defer in.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), "screen"))
	must(t, err)
	defer out.Close()
	var exit *ExitError
	if err := m.Interact(t.Context(), `echo "$TERM in $PWD"; echo aside >&2; exit 7`, "xterm", in, out); !errors.As(err, &exit) || exit.Status != 7 {
		t.Errorf("%v", err)
	}
	if got, err := os.ReadFile(out.Name()); err != nil || string(got) != "xterm in "+m.home+"\naside\n" {
		t.Errorf("%q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	shows := func(text string) {
		t.Helper()
		for n := 0; ; n++ {
			if got, _ := os.ReadFile(out.Name()); string(got) == "xterm in "+m.home+"\naside\n"+text {
				return
			} else if n == 500 {
				t.Fatalf("it does not show %q, but %q", text, got)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	done := make(chan error, 1)
	go func() {
		done <- m.Interact(ctx, "trap 'echo told; exit' TERM; echo ready; while :; do sleep 0.05; done", "xterm", in, out)
	}()
	shows("ready\n")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	shows("ready\ntold\n")
	if err := m.Interact(ctx, "exit 0", "xterm", in, out); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
