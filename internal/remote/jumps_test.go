package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

// via returns a dialer through these sshds that trusts them and the targets.
func via(t *testing.T, jumps []*sshd, targets ...Target) *Dialer {
	t.Helper()
	d := &Dialer{}
	known := ""
	for _, jump := range jumps {
		d.Jumps = append(d.Jumps, jump.Target)
		known += jump.known()
	}
	for _, target := range targets {
		known += line(target, hostKey())
	}
	d.Auth = auth(t, userKey(), known)
	t.Cleanup(func() { d.Close() })
	return d
}

func logins(s *sshd) int { return strings.Count(s.log.String(), "Accepted publickey") }

func TestTargetsShareOneChainOfJumpHosts(t *testing.T) {
	t.Parallel()
	first, second, target := startSSHD(t), startSSHD(t), startSSHD(t, "MaxStartups 100")
	d := via(t, []*sshd{first, second}, target.Target)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			name := fmt.Sprintf("web%d", i)
			c, err := d.Dial(t.Context(), name, target.Target)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			var out strings.Builder
			if err := c.Exec(t.Context(), "echo $SSH_CONNECTION", strings.NewReader(""), &out, io.Discard); err != nil || c.Name() != name {
				t.Errorf("%q, %v", c.Name(), err)
			}
		})
	}
	all.Wait()
	if logins(first) != 1 || logins(second) != 1 || logins(target) != 12 {
		t.Errorf("%d, %d and %d logins", logins(first), logins(second), logins(target))
	}
	must(t, d.Close())
	must(t, d.Close())
	_, err := d.Dial(t.Context(), "web1", target.Target)
	wantError(t, err, "web1: the jump hosts are no longer used")
}

func TestEachHostOfAChainIsCheckedByItsOwnName(t *testing.T) {
	t.Parallel()
	first, second, target := startSSHD(t), startSSHD(t), startSSHD(t)
	jumps := []Target{first.Target, second.Target}
	lines := []string{first.known(), second.known(), target.known()}
	for i, want := range []string{"web1: jump host " + first.addr() + ": ", "web1: jump host " + second.addr() + ": ", "web1: "} {
		known := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		d := &Dialer{Auth: auth(t, userKey(), known), Jumps: jumps}
		_, err := d.Dial(t.Context(), "web1", target.Target)
		wantError(t, err, want+"its host key ssh-ed25519 ", "is not in known-hosts", "add this line:\n"+strings.TrimSpace(lines[i]))
		must(t, d.Close())
	}
}

func TestWhatAJumpHostRefusesIsExplained(t *testing.T) {
	t.Parallel()
	good, closed, strict := startSSHD(t), startSSHD(t, "AllowTcpForwarding no"), startSSHD(t, "PermitOpen 127.0.0.1:1")
	nowhere := Target{good.User, "127.0.0.1", freePort(t)}
	noName := Target{good.User, "no-such-host.invalid", "22"}
	for what, c := range map[string]struct {
		jump   *sshd
		target Target
		want   string
	}{
		"no forwarding":       {closed, good.Target, "its sshd forbids TCP forwarding to " + good.addr() + " (administratively prohibited): set 'AllowTcpForwarding yes'"},
		"another destination": {strict, good.Target, "(administratively prohibited)"},
		"nothing listens":     {good, nowhere, "cannot connect from there to " + nowhere.addr() + ": Connection refused"},
		"no such name, there": {good, noName, "cannot connect from there to no-such-host.invalid:22: "},
	} {
		_, err := via(t, []*sshd{c.jump}, c.target).Dial(t.Context(), "web1", c.target)
		wantError(t, err, "web1: jump host "+c.jump.addr()+": ", c.want)
		t.Logf("%s: %v", what, err)
	}
	gone := startSSHD(t)
	gone.cmd.Process.Kill()
	gone.cmd.Wait()
	_, err := via(t, []*sshd{gone}, good.Target).Dial(t.Context(), "web1", good.Target)
	wantError(t, err, "web1: jump host "+gone.addr()+": cannot connect: nothing listens on "+gone.addr())
}

// jumpServer starts an SSH server in this process that forwards connections and
// counts logins.
func jumpServer(t *testing.T, each func()) (*server, Target) {
	t.Helper()
	s := newServer(shell, hostKey())
	check := s.config.PublicKeyCallback
	s.config.PublicKeyCallback = func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		each()
		return check(m, key)
	}
	s.forward = forwardTo(func(addr string) (net.Conn, error) { return net.Dial("tcp", addr) })
	return s, s.listen(t)
}

func forwardTo(open func(addr string) (net.Conn, error)) func(ssh.NewChannel) {
	return func(n ssh.NewChannel) {
		var to struct {
			Host  string
			Port  uint32
			Other string
			From  uint32
		}
		ssh.Unmarshal(n.ExtraData(), &to)
		conn, err := open(net.JoinHostPort(to.Host, fmt.Sprint(to.Port)))
		if err != nil {
			n.Reject(ssh.ConnectionFailed, err.Error())
			return
		}
		ch, requests, err := n.Accept()
		if err != nil {
			conn.Close()
			return
		}
		go ssh.DiscardRequests(requests)
		go func() {
			io.Copy(conn, ch)
			conn.Close()
		}()
		io.Copy(ch, conn)
		ch.Close()
	}
}

func TestAChainThatWasLostIsOpenedAgain(t *testing.T) {
	t.Parallel()
	var count atomic.Int32
	jump, at := jumpServer(t, func() { count.Add(1) })
	target := startSSHD(t)
	d := &Dialer{Auth: auth(t, userKey(), line(at, hostKey())+target.known()), Jumps: []Target{at}}
	defer d.Close()
	for want := range int32(3) {
		c, err := d.Dial(t.Context(), "web1", target.Target)
		must(t, err)
		must(t, c.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard))
		if got := count.Load(); got < want+1 { // a login takes up to two requests
			t.Errorf("%d", got)
		}
		jump.mu.Lock()
		jump.last.Close()
		jump.mu.Unlock()
		select {
		case <-c.gone: // the jump host took this connection with it
		case <-time.After(5 * time.Second):
			t.Fatal("the connection outlives its jump host")
		}
	}
}

func TestAJumpHostThatRefusesIsAskedOnce(t *testing.T) {
	t.Parallel()
	jump, target := startSSHD(t), startSSHD(t)
	jump.allow(t)
	d := via(t, []*sshd{jump}, target.Target)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := d.Dial(t.Context(), "web1", target.Target)
			wantError(t, err, "web1: jump host "+jump.addr()+": "+jump.User+" is not let in with this key")
		})
	}
	all.Wait()
	if n := strings.Count(jump.log.String(), "Connection from"); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestWhoOpensTheChainMayGoAway(t *testing.T) {
	t.Parallel()
	began, proceed := make(chan struct{}, 10), make(chan struct{})
	_, at := jumpServer(t, func() { began <- struct{}{}; <-proceed })
	target := startSSHD(t)
	d := &Dialer{Auth: auth(t, userKey(), line(at, hostKey())+target.known()), Jumps: []Target{at}}
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := d.Dial(ctx, "web1", target.Target); first <- err }()
	<-began
	go func() { _, err := d.Dial(t.Context(), "web2", target.Target); second <- err }()
	for d.waiting() < 2 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(proceed)
	must(t, <-second)
}

// A jump host that is lost just when it is needed is opened again, too.
func TestAJumpHostThatIsLostWhenItIsNeededIsOpenedAgain(t *testing.T) {
	t.Parallel()
	var refused atomic.Bool
	jump, at := jumpServer(t, func() {})
	forward := jump.forward
	jump.forward = func(n ssh.NewChannel) {
		if refused.CompareAndSwap(false, true) {
			jump.mu.Lock()
			defer jump.mu.Unlock()
			jump.last.Close()
			return
		}
		forward(n)
	}
	target := startSSHD(t)
	d := &Dialer{Auth: auth(t, userKey(), line(at, hostKey())+target.known()), Jumps: []Target{at}}
	defer d.Close()
	_, err := d.Dial(t.Context(), "web1", target.Target)
	must(t, err)
	if !refused.Load() {
		t.Error("it was not lost")
	}
}

func (d *Dialer) waiting() int {
	d.chain.mu.Lock()
	defer d.chain.mu.Unlock()
	if d.chain.coming == nil {
		return 0
	}
	return d.chain.coming.waiting
}

// An attempt that nobody waits for any more ends, and the next caller starts a
// new one.
func TestAChainThatNobodyWaitsForIsGivenUp(t *testing.T) {
	t.Parallel()
	silent := listen(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	target := Target{"deploy", "127.0.0.1", "1"}
	d := &Dialer{Auth: auth(t, userKey(), ""), Jumps: []Target{silent}}
	defer d.Close()
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		began := time.Now()
		_, err := d.Dial(ctx, "web1", target)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if d.waiting() != 0 {
			t.Error("somebody still waits")
		}
	}
}

// listen serves TCP on loopback with a function for each connection.
func listen(t *testing.T, serve func(net.Conn)) Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	host, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	return Target{"deploy", host, port}
}

func TestASilentTargetBehindAJumpHostIsLeftWithItsContext(t *testing.T) {
	t.Parallel()
	jump := startSSHD(t)
	silent := listen(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	d := via(t, []*sshd{jump}, silent)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(500*time.Millisecond, cancel)
	began := time.Now()
	_, err := d.Dial(ctx, "web1", silent)
	if took := time.Since(began); !errors.Is(err, context.Canceled) || took > 1500*time.Millisecond {
		t.Errorf("after %s: %v", took, err)
	}
}

func TestAtMostEightHandshakesAtOnceThroughAJumpHost(t *testing.T) {
	t.Parallel()
	jump := startSSHD(t)
	var now, most atomic.Int32
	_, target := jumpServer(t, func() {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(50 * time.Millisecond)
		now.Add(-1)
	})
	d := via(t, []*sshd{jump}, target)
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			if c, err := d.Dial(t.Context(), "web1", target); err != nil {
				t.Error(err)
			} else {
				c.Close()
			}
		})
	}
	all.Wait()
	if most.Load() > 8 || most.Load() < 2 {
		t.Errorf("%d at once", most.Load())
	}
}

// channel is a connection through a silent jump host: it has no deadlines, and
// closing it does not end a Read.
type channel struct {
	net.Conn
	never chan struct{}
}

func (c channel) Read([]byte) (int, error)    { <-c.never; return 0, io.EOF }
func (c channel) Write(p []byte) (int, error) { return len(p), nil }
func (channel) Close() error                  { return nil }
func (channel) SetDeadline(time.Time) error   { return errors.New("deadline not supported") }
func (channel) RemoteAddr() net.Addr          { return nowhere{} }

func TestAHandshakeIsBoundedWithoutDeadlines(t *testing.T) {
	a := auth(t, userKey(), "")
	synctest.Test(t, func(t *testing.T) {
		silent := channel{never: make(chan struct{})}
		l := &login{auth: a, target: Target{"deploy", "web1", "22"}}
		began := time.Now()
		_, err := l.handshake(t.Context(), silent)
		if took := time.Since(began); took != dialTimeout {
			t.Errorf("it took %s", took)
		}
		wantError(t, l.explain(err), "web1:22 accepts connections", "handshake within 15s")
		close(silent.never)
	})
}

func TestAPeerThatVanishedBehindAJumpHostIsNoticedWithin30Seconds(t *testing.T) {
	at, target := Target{"deploy", "bastion", "22"}, Target{"deploy", "web1", "22"}
	a := auth(t, userKey(), line(at, hostKey())+line(target, hostKey()))
	for _, vanishes := range []string{"the jump host", "the target"} {
		jump, web := newServer(shell, hostKey()), newServer(shell, hostKey())
		synctest.Test(t, func(t *testing.T) {
			var behind *stalling
			jump.forward = forwardTo(func(string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go web.serve(newBuffered(theirs))
				behind = &stalling{Conn: newBuffered(ours), closed: make(chan struct{})}
				return behind, nil
			})
			ours, theirs := net.Pipe()
			go jump.serve(newBuffered(theirs))
			front := &stalling{Conn: newBuffered(ours), closed: make(chan struct{})}
			client, err := (&login{auth: a, target: at}).handshake(t.Context(), front)
			must(t, err)
			bastion := newConn(t.Context(), client, tracer{name: "bastion"})
			conn, err := through(bastion)(t.Context(), tracer{}, target)
			must(t, err)
			client, err = (&login{auth: a, target: target}).handshake(t.Context(), conn)
			must(t, err)
			c := newConn(t.Context(), client, tracer{name: "web1"})
			in, w := io.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- c.Exec(t.Context(), "cat", in, io.Discard, io.Discard) }()
			time.Sleep(time.Minute)
			if vanishes == "the target" {
				behind.stalled.Store(true)
			} else {
				front.stalled.Store(true)
			}
			began := time.Now()
			wantError(t, <-ended, "web1: ")
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("%s: it took %s", vanishes, took)
			}
			w.Close()
			c.Close()
			bastion.Close()
			front.Close()
			behind.Close()
			synctest.Wait()
		})
	}
}
