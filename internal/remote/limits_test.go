package remote

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// held opens a session that stays until the test ends.
func held(t *testing.T, c *Conn) {
	t.Helper()
	in, hold := io.Pipe()
	t.Cleanup(func() { hold.Close() })
	began := make(chan struct{}, 1)
	go c.Exec(t.Context(), "echo; cat", in, signalling{began}, io.Discard)
	<-began
}

type signalling struct{ ch chan struct{} }

func (s signalling) Write(p []byte) (int, error) {
	select {
	case s.ch <- struct{}{}:
	default:
	}
	return len(p), nil
}

func TestTooFewSessionsAreNamedWithTheOption(t *testing.T) {
	t.Parallel()
	s := startSSHD(t, "MaxSessions 1")
	c, err := dial(t.Context(), s.Target, s.auth(t))
	must(t, err)
	defer c.Close()
	held(t, c)
	const want = "web1: sshd opens no further session on this connection: MaxSessions in its sshd_config must be 2 at least"
	wantError(t, c.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard), want)
	_, err = c.ReadFile(t.Context(), "x")
	wantError(t, err, want)
}

// A file takes a session only while it is read or written.
func TestFilesTakeNoSessionForLong(t *testing.T) {
	t.Parallel()
	s := startSSHD(t, "MaxSessions 2")
	c, err := dial(t.Context(), s.Target, s.auth(t))
	must(t, err)
	defer c.Close()
	held(t, c)
	name := filepath.Join(s.dir, "file")
	for range 3 {
		must(t, c.WriteFile(t.Context(), name, []byte("x")))
		within(t, func() error { return c.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard) })
	}
}

func TestWhatForbidsForwardingIsNamed(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"AllowTcpForwarding no", "AllowTcpForwarding remote", "DisableForwarding yes", "PermitOpen none", "PermitOpen 127.0.0.1:1"} {
		s := startSSHD(t, option)
		c, err := dial(t.Context(), s.Target, s.auth(t))
		must(t, err)
		_, err = c.DialContext(t.Context(), "tcp", s.addr())
		wantError(t, err, "web1: sshd forbids TCP forwarding to that port: see AllowTcpForwarding, DisableForwarding and PermitOpen in its sshd_config, and restrict")
		c.Close()
	}
}

// within does something until sshd has noticed the end of an earlier session.
func within(t *testing.T, do func() error) {
	t.Helper()
	var err error
	for range 50 {
		if err = do(); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(err)
}
