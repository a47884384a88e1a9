package script

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// machineFunc is a machine that a test plays.
type machineFunc func(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error

func (f machineFunc) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	io.WriteString(stdout, beginning(command))
	return f(ctx, stdin, stdout, stderr)
}

// beginning returns the line with which an answer to a command begins.
func beginning(command string) string {
	words := strings.Fields(command)
	if strings.HasPrefix(command, shellCommand) {
		return words[len(words)-1] + "began\n"
	}
	return words[3] + "began\n"
}

// hangs is a machine that does not answer any more.
func hangs(ctx context.Context, _ io.Reader, _, _ io.Writer) error {
	<-ctx.Done()
	return ctx.Err()
}

// Every script that Slipway runs must have a limit, or a reason to have none.
func TestEveryScriptHasALimit(t *testing.T) {
	t.Parallel()
	elsewhere := map[string]string{
		"activate": "Switch.limit", "lock": "locking.take", "hook": "hookLimit, or that of the run",
		"attend": "a person ends it", "assemble": "the project's own code", "checkout": "fetches", "compiledeps": "the project's own code",
		"fetchdeps": "fetches", "project": "the project's own code", "publish": "the lock of the build", "tools": "compiles Erlang",
	}
	for _, name := range scripts(t) {
		if (limits[name] == 0) == (elsewhere[name] == "") {
			t.Errorf("%s: limit %s, elsewhere %q", name, limits[name], elsewhere[name])
		}
	}
}

func TestAHostThatHangsIsGivenUp(t *testing.T) {
	layout := newSite(t).Layout
	for name, c := range map[string]struct {
		do    func(ctx context.Context, h Host) error
		after time.Duration
	}{
		"inspect":  {func(ctx context.Context, h Host) error { _, err := h.Inspect(ctx, Look{}); return err }, time.Minute},
		"probe":    {func(ctx context.Context, h Host) error { _, err := h.Probe(ctx, nil, nil); return err }, 30 * time.Second},
		"conclude": {func(ctx context.Context, h Host) error { return h.Conclude(ctx, begun) }, time.Minute},
		"activate": {func(ctx context.Context, h Host) error {
			_, err := h.Activate(ctx, Switch{Units: []string{"a", "b"}, Record: &begun})
			return err
		}, 41 * time.Minute},
		"hook": {func(ctx context.Context, h Host) error {
			_, err := h.RunHook(ctx, begun.Target(), Before, Hook{Commands: "x"})
			return err
		}, 11 * time.Minute},
		"lock": {func(ctx context.Context, h Host) error {
			_, err := h.Lock(ctx, Holder{}, Wait{Most: time.Hour})
			return err
		}, time.Hour + 6*time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := c.do(t.Context(), hostOn(machineFunc(hangs), layout, nil))
			var hung *Hung
			if !errors.As(err, &hung) || hung.Step != name || !strings.Contains(err.Error(), "(step "+name+"): something hangs there") {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took != c.after {
				t.Errorf("%s: given up after %s, want %s", name, took, c.after)
			}
		})
	}
}

// A slow script is not one that hangs, and a slow caller is not a slow script.
func TestProgressIsNoHang(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		host   func(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error
		caller time.Duration // how long the caller takes for each fact
		hangs  bool
	}{
		"facts now and then": {func(_ context.Context, _ io.Reader, stdout, _ io.Writer) error {
			return slowlySays(stdout, "a=1\n", 50*time.Second)
		}, 0, false},
		"a log now and then": {func(_ context.Context, _ io.Reader, stdout, stderr io.Writer) error {
			slowlySays(stderr, "noise\n", 50*time.Second)
			return slowlySays(stdout, "a=1\n", 0)
		}, 0, false},
		"a slow caller": {func(_ context.Context, _ io.Reader, stdout, _ io.Writer) error {
			return slowlySays(stdout, "a=1\n", 0)
		}, 10 * time.Minute, false},
		"a hang after some facts": {func(ctx context.Context, stdin io.Reader, stdout, _ io.Writer) error {
			io.WriteString(stdout, "a=1\n")
			return hangs(ctx, stdin, stdout, nil)
		}, 0, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := c
			call := call{script: "inspect", onFact: func(string, string) { time.Sleep(c.caller) }}
			if err := call.run(t.Context(), machineFunc(c.host)); errors.As(err, new(*Hung)) != c.hangs || (err != nil) != c.hangs {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// slowlySays writes a line ten times, and the end of an answer.
func slowlySays(w io.Writer, line string, pause time.Duration) error {
	for range 10 {
		time.Sleep(pause)
		io.WriteString(w, line)
	}
	_, err := io.WriteString(w, "answered=yes\n")
	return err
}
