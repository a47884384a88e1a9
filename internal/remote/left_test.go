package remote

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

const letGo = "what this command has left running still holds its output, which is no longer read\n"

// A command may leave a process that holds its output open. sshd keeps the
// session open as long as that process lives.
func TestACommandEndsWithoutWhatItHasLeftBehind(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	conn := s.dial(t)
	conn.linger = 300 * time.Millisecond
	for name, c := range map[string]struct {
		command, out, errs string
		status             int
	}{
		"nothing is left":              {"echo out; echo errs >&2", "out\n", "errs\n", 0},
		"a silent one":                 {"echo out; sleep 60 &", "out\n", letGo, 0},
		"one that holds stderr alone":  {"echo out; sleep 60 >/dev/null &", "out\n", letGo, 0},
		"one that holds neither":       {"echo out; sleep 60 >/dev/null 2>&1 &", "out\n", "", 0},
		"one that speaks once":         {"(sleep 0.1; echo late) & echo out", "out\nlate\n", "", 0},
		"of a command that fails":      {"echo errs >&2; sleep 60 & exit 7", "", "errs\n" + letGo, 7},
		"of a command that was killed": {"sleep 60 & kill -KILL $$", "", letGo, -1},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			began := time.Now()
			err := conn.Exec(t.Context(), "sh -c '"+c.command+"'", strings.NewReader(""), &out, &errs)
			status := 0
			if err != nil {
				status = -1
				if exit := (*ExitError)(nil); errors.As(err, &exit) {
					status = exit.Status
				}
			}
			if out.String() != c.out || errs.String() != c.errs || status != c.status {
				t.Errorf("%q, %q, %v", &out, &errs, err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// What a command itself has written arrives, however slowly it is read.
func TestASlowReaderGetsAllOutputOfACommand(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	conn := s.dial(t)
	conn.linger = 200 * time.Millisecond
	const size = 3 << 20
	var slow slowly
	must(t, conn.Exec(t.Context(), "head -c 3145728 /dev/zero", strings.NewReader(""), &slow, io.Discard))
	if slow.n != size {
		t.Errorf("%d of %d bytes arrived", slow.n, size)
	}
}

// slowly reads less than 4 MB in a second.
type slowly struct{ n int }

func (s *slowly) Write(p []byte) (int, error) {
	s.n += len(p)
	time.Sleep(8 * time.Millisecond)
	return len(p), nil
}

// A process that writes for ever must not hold a command for ever.
func TestWhatIsLeftBehindMayWriteForEver(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	conn := s.dial(t)
	var errs strings.Builder
	began := time.Now()
	err := conn.Exec(t.Context(), "sh -c 'yes >&1 & exit 0'", strings.NewReader(""), io.Discard, &errs)
	if err != nil || errs.String() != letGo || time.Since(began) > 25*time.Second {
		t.Errorf("after %s: %v, %q", time.Since(began), err, &errs)
	}
}

// A caller who can take no more ends the command: nobody would read its output.
func TestAWriterThatFailsEndsTheCommand(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	conn := s.dial(t)
	began := time.Now()
	err := conn.Exec(t.Context(), "yes", strings.NewReader(""), failing{}, io.Discard)
	wantError(t, err, "short write")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func (s *sshd) dial(t *testing.T) *Conn {
	t.Helper()
	conn, err := (&Dialer{Auth: s.auth(t)}).Dial(t.Context(), "web1", s.Target)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}
