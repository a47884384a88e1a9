package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

func TestExecCarriesTheStreams(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	var out, errs strings.Builder
	input := strings.Repeat("0123456789\x00\xff\n", 50_000)
	must(t, c.Exec(t.Context(), "cat", strings.NewReader(input), &out, &errs))
	if out.String() != input || errs.String() != "to stderr" {
		t.Errorf("%d of %d bytes came back; stderr %q", out.Len(), len(input), errs.String())
	}
	if c.Name() != "web1" {
		t.Error(c.Name())
	}
}

func TestExecSaysHowTheCommandEnded(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	exec := func(command string) error {
		return c.Exec(t.Context(), command, strings.NewReader(""), io.Discard, io.Discard)
	}
	must(t, exec("exit 0"))
	err := exec("exit 7")
	var status interface{ ExitStatus() int }
	if !errors.As(err, &status) || status.ExitStatus() != 7 || err.Error() != "exit status 7" {
		t.Errorf("%v", err)
	}
	err = exec("kill TERM")
	wantError(t, err, "web1: ", "signal TERM")
	if errors.As(err, &status) {
		t.Error("a signal has an exit status")
	}
	wantError(t, exec("vanish"), "web1: ", "connection was lost")
}

func TestInputThatFailsIsNotAnEnd(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	broken := errors.New("the build server went away")
	for range 50 {
		input := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))
		if err := c.Exec(t.Context(), "cat", input, io.Discard, io.Discard); !errors.Is(err, broken) {
			t.Fatalf("%v", err)
		}
	}
}

func TestInputMayStayUnread(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	must(t, c.Exec(t.Context(), "exit 0", strings.NewReader(strings.Repeat("x", 10<<20)), io.Discard, io.Discard))
	in, w := io.Pipe() // never written to, never closed
	defer w.Close()
	must(t, c.Exec(t.Context(), "exit 0", in, io.Discard, io.Discard))
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
	c := connect(t, newServer(shell, hostKey()))
	ctx, cancel := context.WithCancel(t.Context())
	out := counter{first: cancel}
	in, w := io.Pipe()
	defer w.Close()
	if err := c.Exec(ctx, "yes", in, &out, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	out.gone.Store(true)
	time.Sleep(50 * time.Millisecond)
	if out.writes.Load() == 0 || out.late.Load() {
		t.Errorf("%d writes, late: %v", out.writes.Load(), out.late.Load())
	}
	must(t, c.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard)) // the connection still works
}

func TestAConnectionThatIsClosedRunsNothing(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	must(t, c.Close())
	must(t, c.Close())
	wantError(t, c.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard), "web1: the connection was lost")
}

func TestDialNamesTheHostThatRefuses(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	must(t, l.Close())
	target := Target{"deploy", "127.0.0.1", port}
	_, err = dial(t.Context(), target, auth(t, userKey(), line(target, hostKey())))
	wantError(t, err, "web1: cannot connect", "refused")
}

// The name does not exist, but that is not why there is no connection.
func TestACancelledDialSaysThatItWasCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		_, err := direct(ctx, tracer{}, Target{"deploy", "1", "22"})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%v", err)
		}
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and stays silent
	must(t, err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	target := Target{"deploy", "127.0.0.1", port}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = dial(ctx, target, auth(t, userKey(), line(target, hostKey())))
	if !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "deadline") || time.Since(began) > time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

func TestASilentPeerIsGivenUp(t *testing.T) {
	a := auth(t, userKey(), "")
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, theirs) // reads everything and stays silent
		defer theirs.Close()
		target := Target{"deploy", "web1", "22"}
		l := &login{auth: a, target: target}
		began := time.Now()
		_, err := l.handshake(t.Context(), ours)
		if took := time.Since(began); took != dialTimeout {
			t.Errorf("it took %s", took)
		}
		ours.Close()
		wantError(t, l.explain(err), "web1:22 accepts connections", "handshake within 15s")
	})
}

func TestAPortWithoutAnSSHServerIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	host, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	_, err = dial(t.Context(), Target{"deploy", host, port}, auth(t, userKey(), ""))
	wantError(t, err, "web1: "+l.Addr().String()+" accepts connections and closes them")
}

// buffered is a connection whose writes do not wait for a reader: like TCP's, and
// unlike net.Pipe's.
type buffered struct {
	net.Conn
	queue chan []byte
}

func newBuffered(conn net.Conn) *buffered {
	b := &buffered{conn, make(chan []byte, 1000)}
	go func() {
		for p := range b.queue {
			if _, err := conn.Write(p); err != nil {
				return
			}
		}
	}()
	return b
}

func (b *buffered) Write(p []byte) (int, error) {
	b.queue <- slices.Clone(p)
	return len(p), nil
}

func (b *buffered) Close() error {
	err := b.Conn.Close()
	b.queue <- nil // the writer finds the connection closed and ends
	return err
}

// stalling is a connection that, once stalled, delivers nothing and never fails,
// as if the peer had vanished.
type stalling struct {
	net.Conn
	stalled atomic.Bool
	closed  chan struct{}
	once    sync.Once
}

func (s *stalling) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 22} }

func (s *stalling) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if s.stalled.Load() {
		<-s.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (s *stalling) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

func TestAPeerThatVanishedIsNoticedWithin30Seconds(t *testing.T) {
	target := Target{"deploy", "web1", "22"}
	a := auth(t, userKey(), line(target, hostKey()))
	s := newServer(shell, hostKey())
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go s.serve(newBuffered(theirs))
		line := &stalling{Conn: newBuffered(ours), closed: make(chan struct{})}
		client, err := (&login{auth: a, target: target}).handshake(t.Context(), line)
		must(t, err)
		c := newConn(t.Context(), client, tracer{name: "web1"})
		in, w := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- c.Exec(t.Context(), "cat", in, io.Discard, io.Discard) }()
		time.Sleep(time.Minute) // a peer that answers is kept
		line.stalled.Store(true)
		began := time.Now()
		wantError(t, <-ended, "web1: ")
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
		w.Close()
		must(t, c.Close())
		synctest.Wait()
	})
}

func TestACommandOnASilentPeerIsLeftWithTheContext(t *testing.T) {
	t.Parallel()
	deaf := newServer(shell, hostKey())
	deaf.deaf = true
	stuck := newServer(shell, hostKey())
	stuck.stuck = true
	for name, c := range map[string]*Conn{"that opens a session": connect(t, deaf), "that opens none": connect(t, stuck)} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := c.Exec(ctx, "cat", strings.NewReader(""), io.Discard, io.Discard)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
			t.Errorf("%s: after %s: %v", name, took, err)
		}
	}
}

func TestConnectionsFromTheMachineItself(t *testing.T) {
	t.Parallel()
	s := newServer(shell, hostKey())
	s.forward = func(n ssh.NewChannel) {
		if !strings.Contains(string(n.ExtraData()), "127.0.0.1") {
			n.Reject(ssh.ConnectionFailed, "Connection refused")
			return
		}
		ch, requests, err := n.Accept()
		if err == nil {
			go ssh.DiscardRequests(requests)
			io.WriteString(ch, "hello")
			ch.Close()
		}
	}
	c := connect(t, s)
	conn, err := c.DialContext(t.Context(), "tcp", "127.0.0.1:4001")
	must(t, err)
	if got, err := io.ReadAll(conn); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	_, err = c.DialContext(t.Context(), "tcp", "10.0.0.1:4001")
	wantError(t, err, "web1: nothing accepts connections on 10.0.0.1:4001")
	_, err = connect(t, newServer(shell, hostKey())).DialContext(t.Context(), "tcp", "127.0.0.1:4001")
	wantError(t, err, "web1: sshd forbids TCP forwarding", "AllowTcpForwarding")
}

func TestFiles(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	name := filepath.Join(t.TempDir(), "a", "b", "manifest.json")
	_, err := c.ReadFile(t.Context(), name)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	wantError(t, err, "web1: "+name)
	for _, text := range []string{strings.Repeat("long", 200_000), "short", ""} { // each replaces the one before
		must(t, c.WriteFile(t.Context(), name, []byte(text)))
		if got, err := c.ReadFile(t.Context(), name); err != nil || string(got) != text {
			t.Errorf("%d bytes became %d, %v", len(text), len(got), err)
		}
	}
	wantError(t, c.WriteFile(t.Context(), name+"/below", nil), "web1: ", name)
}

func TestWhatIsUnderWayEndsWithTheConnection(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	ctx, done := c.while(t.Context())
	defer done()
	if c.Lost() || ctx.Err() != nil {
		t.Fatal("the connection is new")
	}
	must(t, c.Close())
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	if lost := (*LostError)(nil); !errors.As(reason(ctx), &lost) || !c.Lost() {
		t.Errorf("%v, lost: %v", reason(ctx), c.Lost())
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	over, doneToo := connect(t, newServer(shell, hostKey())).while(cancelled)
	defer doneToo()
	if err := reason(over); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancel is reported as %v", err)
	}
}
