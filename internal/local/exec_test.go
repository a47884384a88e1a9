package local

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

func TestExecCarriesTheStreams(t *testing.T) {
	t.Parallel()
	m := machine(t)
	var out, errs strings.Builder
	input := strings.Repeat("0123456789\x00\xff\n", 50_000)
	must(t, m.Exec(t.Context(), "cat; printf 'to stderr' >&2", strings.NewReader(input), &out, &errs))
	if out.String() != input || errs.String() != "to stderr" {
		t.Errorf("%d of %d bytes came back; stderr %q", out.Len(), len(input), errs.String())
	}
	if dir := output(t, m, "pwd"); dir != m.home {
		t.Errorf("commands start in %s", dir)
	}
}

func TestExecSaysHowTheCommandEnded(t *testing.T) {
	t.Parallel()
	m := machine(t)
	exec := func(command string) error {
		return m.Exec(t.Context(), command, strings.NewReader(""), io.Discard, io.Discard)
	}
	must(t, exec("exit 0"))
	err := exec("exit 7")
	var status interface{ ExitStatus() int }
	if !errors.As(err, &status) || status.ExitStatus() != 7 || err.Error() != "exit status 7" {
		t.Errorf("%v", err)
	}
	err = exec("kill -TERM $$")
	wantError(t, err, "local: ", "signal 15 (terminated)")
	if errors.As(err, &status) {
		t.Error("a signal has an exit status")
	}
	m.home = "/nonexistent"
	wantError(t, exec("exit 0"), "local: cannot start a command in /nonexistent: ", "no such file")
}

func TestInputThatFailsIsNotAnEnd(t *testing.T) {
	t.Parallel()
	m := machine(t)
	broken := errors.New("the build server went away")
	for range 50 {
		input := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))
		if err := m.Exec(t.Context(), "cat", input, io.Discard, io.Discard); !errors.Is(err, broken) {
			t.Fatalf("%v", err)
		}
	}
}

func TestInputMayStayUnread(t *testing.T) {
	t.Parallel()
	m := machine(t)
	for range 20 {
		must(t, m.Exec(t.Context(), "exit 0", strings.NewReader(strings.Repeat("x", 1<<20)), io.Discard, io.Discard))
	}
	in, w := io.Pipe() // never written to, never closed
	defer w.Close()
	must(t, m.Exec(t.Context(), "exit 0", in, io.Discard, io.Discard))
}

// counter is a writer that counts writes, and notices those after its owner has
// left.
type counter struct {
	first  func()
	writes atomic.Int64
	gone   atomic.Bool
	late   atomic.Bool
}

func (c *counter) Write(p []byte) (int, error) {
	if c.writes.Add(1) == 1 {
		c.first()
	}
	if c.gone.Load() {
		c.late.Store(true)
	}
	return len(p), nil
}

func TestAnEndedContextEndsExecAndDetachesTheWriters(t *testing.T) {
	t.Parallel()
	m := machine(t)
	ctx, cancel := context.WithCancel(t.Context())
	in, w := io.Pipe()
	defer w.Close()
	out := counter{first: cancel}
	began := time.Now()
	if err := m.Exec(ctx, "yes", in, &out, io.Discard); !errors.Is(err, context.Canceled) || time.Since(began) > 3*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	out.gone.Store(true)
	time.Sleep(50 * time.Millisecond)
	if out.writes.Load() == 0 || out.late.Load() {
		t.Errorf("%d writes, late: %v", out.writes.Load(), out.late.Load())
	}
	if err := m.Exec(ctx, "touch started", in, io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	time.Sleep(200 * time.Millisecond)
	if _, err := m.ReadFile(t.Context(), "started"); err == nil {
		t.Error("a command was started after the end")
	}
}

// Output that was read before close is not written after it.
func TestAStreamThatIsClosedKeepsItsWriterOut(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s, end, err := newStream(&out, linger)
	must(t, err)
	defer end.Close()
	s.close()
	if _, err := s.write([]byte("late")); !errors.Is(err, io.ErrClosedPipe) || out.Len() > 0 {
		t.Errorf("%q, %v", &out, err)
	}
}

func TestACommandOutlivesTheContext(t *testing.T) {
	t.Parallel()
	m := machine(t)
	ctx, cancel := context.WithCancel(t.Context())
	in, w := io.Pipe()
	defer w.Close()
	go func() {
		io.WriteString(w, "begun\n")
		cancel()
	}()
	// All that the command notices is the end of its input.
	command := "trap '' PIPE; cat >input; echo nobody reads this; sleep 0.1; mv input finished"
	if err := m.Exec(ctx, command, in, io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range 100 {
		if data, err := m.ReadFile(t.Context(), "finished"); err == nil && strings.HasPrefix("begun\n", string(data)) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the command was not left to itself")
}

func TestACommandHasASessionOfItsOwn(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("needs /proc")
	}
	ids := strings.Fields(output(t, machine(t), "cut -d' ' -f1,5,6 /proc/$$/stat"))
	if len(ids) != 3 || ids[0] != ids[1] || ids[0] != ids[2] {
		t.Errorf("process, group, session: %q", ids)
	}
}

func TestACommandSeesOnlyTheEnvironmentOfALogin(t *testing.T) {
	// There are canaries in the process's environment and in the one given to New.
	t.Setenv("CANARY", "secret")
	want := map[string]string{
		"HOME": t.TempDir(), "USER": "deploy", "LOGNAME": "deploy", "SHELL": "/bin/bash", "PATH": os.Getenv("PATH"),
		"LANG": "C.UTF-8", "TZ": "UTC", "TMPDIR": t.TempDir(),
	}
	given := maps.Clone(want)
	for _, key := range []string{"CANARY", "INPUT_SSH-KEY", "SSH_KEY", "RUNNER_TRACKING_ID", "GITHUB_TOKEN", "SSH_AUTH_SOCK"} {
		given[key] = "secret"
	}
	var got []string
	for _, line := range strings.Split(output(t, New(env(given)), "env"), "\n") {
		key, value, _ := strings.Cut(line, "=")
		if key == "PWD" || key == "OLDPWD" || key == "SHLVL" || key == "_" {
			continue // set by the shell itself
		}
		got = append(got, key)
		if value != want[key] {
			t.Errorf("%s is %q, want %q", key, value, want[key])
		}
	}
	if slices.Sort(got); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("commands see %q", got)
	}
}

// sluggish is a writer that takes its time, like a line that stalls.
type sluggish struct {
	strings.Builder
	pause time.Duration
}

func (s *sluggish) Write(p []byte) (int, error) {
	time.Sleep(s.pause)
	return s.Builder.Write(p)
}

func TestAPipeThatAChildKeepsOpenIsNotAwaitedForever(t *testing.T) {
	t.Parallel()
	for name, child := range map[string]string{"silent": "sleep 60", "talking": "yes"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine(t)
			m.linger = 300 * time.Millisecond
			var out sluggish
			var errs strings.Builder
			began := time.Now()
			err := m.Exec(t.Context(), child+" & echo $! >pid; echo before; sleep 0.1", strings.NewReader(""), &out, &errs)
			pid, _ := m.ReadFile(t.Context(), "pid")
			defer m.Exec(context.Background(), "kill "+string(pid)+" 2>/dev/null", strings.NewReader(""), io.Discard, io.Discard)
			if took := time.Since(began); err != nil || took > 20*time.Second {
				t.Errorf("after %s: %v", took, err)
			}
			if !strings.HasPrefix(errs.String(), "what this command has left running still holds its output") {
				t.Errorf("it is not said: %q", &errs)
			}
			if out.Len() > 100*maxRest {
				t.Errorf("%d bytes", out.Len())
			}
			if !strings.Contains(out.String(), "before\n") {
				t.Errorf("%.100q", &out)
			}
		})
	}
}

func TestASlowReaderGetsEverything(t *testing.T) {
	t.Parallel()
	m := machine(t)
	m.linger = 100 * time.Millisecond
	out := sluggish{pause: 300 * time.Millisecond}
	must(t, m.Exec(t.Context(), "head -c 150000 /dev/zero; sleep 60 & echo $! >pid", strings.NewReader(""), &out, io.Discard))
	pid, err := m.ReadFile(t.Context(), "pid")
	must(t, err)
	must(t, m.Exec(t.Context(), "kill "+string(pid), strings.NewReader(""), io.Discard, io.Discard))
	if out.Len() != 150_000 {
		t.Errorf("%d of 150000 bytes", out.Len())
	}
}

func TestAFailingReaderIsReported(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	full := errors.New("the disk is full")
	r.CloseWithError(full)
	err := machine(t).Exec(t.Context(), "yes", strings.NewReader(""), w, io.Discard)
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

func TestNothingIsLeftOpen(t *testing.T) {
	m := machine(t)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("needs /proc")
		}
		return len(entries)
	}
	must(t, m.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard))
	before := count()
	for range 20 {
		must(t, m.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard))
	}
	m.home = filepath.Join(m.home, "nonexistent")
	for range 20 {
		m.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard)
	}
	time.Sleep(100 * time.Millisecond)
	if after := count(); after > before+5 {
		t.Errorf("%d open files became %d", before, after)
	}
}
