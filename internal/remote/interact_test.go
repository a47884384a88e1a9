package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// window is a user's terminal: the test types into it and reads what it shows.
type window struct {
	Terminal
	keys  *io.PipeWriter
	mu    sync.Mutex
	shown string
}

func newWindow() *window {
	in, keys := io.Pipe()
	w := &window{keys: keys}
	w.Terminal = Terminal{Name: "xterm-slipway", Size: Size{Width: 117, Height: 31}, In: in, Out: w}
	return w
}

func (w *window) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shown += string(p)
	return len(p), nil
}

func (w *window) waits(t *testing.T, text string) {
	t.Helper()
	for range 1000 {
		w.mu.Lock()
		shown := w.shown
		w.mu.Unlock()
		if strings.Contains(shown, text) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%q is not shown, but %q", text, w.shown)
}

// interact starts a command on a terminal of a real sshd.
func interact(t *testing.T, ctx context.Context, s *sshd, w *window, command string) (*Conn, <-chan error) {
	t.Helper()
	conn, err := dial(t.Context(), s.Target, s.auth(t))
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	done := make(chan error, 1)
	go func() { done <- conn.Interact(ctx, command, w.Terminal) }()
	return conn, done
}

func ends(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
		return nil
	}
}

func TestACommandOnATerminal(t *testing.T) {
	t.Parallel()
	w := newWindow()
	sizes := make(chan Size)
	w.Resized = sizes
	_, done := interact(t, t.Context(), startSSHD(t), w, `sh -c 'tty -s && echo "on a terminal, $TERM"; stty size; read line; echo "got $line"; `+
		`until [ "$(stty size)" = "50 90" ]; do sleep 0.05; done; echo resized; read line; exit 7'`)
	w.waits(t, "on a terminal, xterm-slipway\r\n31 117\r\n")
	fmt.Fprint(w.keys, "a line\r")
	w.waits(t, "got a line\r\n")
	sizes <- Size{Width: 90, Height: 50} // keys and sizes may arrive in any order
	w.waits(t, "resized\r\n")
	fmt.Fprint(w.keys, "\r")
	var exit *ExitError
	if err := ends(t, done); !errors.As(err, &exit) || exit.Status != 7 {
		t.Errorf("%v", err)
	}
}

func TestKeysAreTheFarSides(t *testing.T) {
	t.Parallel()
	w := newWindow()
	_, done := interact(t, t.Context(), startSSHD(t), w, `sh -c 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 0.1; done'`)
	w.waits(t, "ready")
	fmt.Fprint(w.keys, "\x03")
	var exit *ExitError
	if err := ends(t, done); !errors.As(err, &exit) || exit.Status != 3 {
		t.Errorf("%v", err)
	}
	w.waits(t, "interrupted")
}

// A command on a terminal ends when its user goes away.
func TestATerminalThatIsTakenAwayEndsTheCommand(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	for name, c := range map[string]struct {
		end  func(conn *Conn, cancel func())
		says string
	}{
		"the caller":     {func(_ *Conn, cancel func()) { cancel() }, "context canceled"},
		"the connection": {func(conn *Conn, _ func()) { conn.client.Close() }, "web1: the connection was lost"},
	} {
		w, mark := newWindow(), s.file(strings.ReplaceAll(name, " ", "-"))
		ctx, cancel := context.WithCancel(t.Context())
		conn, done := interact(t, ctx, s, w, fmt.Sprintf(`sh -c 'trap "echo hangup >%s; exit" HUP; echo ready; while :; do sleep 0.1; done'`, mark))
		w.waits(t, "ready")
		c.end(conn, cancel)
		wantError(t, ends(t, done), c.says)
		cancel()
		for n := 0; ; n++ {
			if data, err := os.ReadFile(mark); err == nil && string(data) == "hangup\n" {
				break
			} else if n == 1000 {
				t.Fatalf("%s: the command goes on", name)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func TestAnSSHDWithoutTerminalsSaysSo(t *testing.T) {
	t.Parallel()
	s := startSSHD(t, "PermitTTY no")
	_, done := interact(t, t.Context(), s, newWindow(), "exit 0")
	wantError(t, ends(t, done), "web1: ", "gives this user no terminal", "PermitTTY")
	must(t, s.logIn(t, Credentials{Key: pemOf(userKey())})) // other connections still work
}

func TestAPeerThatNeverGrantsATerminalIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := newServer(shell, hostKey())
	s.deaf = true
	c := connect(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := c.Interact(ctx, "exit 0", newWindow().Terminal); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	must(t, c.Close())
	wantError(t, c.Interact(t.Context(), "exit 0", newWindow().Terminal), "web1: the connection was lost")
}
