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
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := m.Interact(ctx, "trap 'echo told; exit' TERM; while :; do sleep 0.05; done", "xterm", in, out); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	for n := 0; ; n++ {
		if got, _ := os.ReadFile(out.Name()); string(got) == "xterm in "+m.home+"\naside\ntold\n" {
			break
		} else if n == 100 {
			t.Fatalf("it was not told: %q", got)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := m.Interact(ctx, "exit 0", "xterm", in, out); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
