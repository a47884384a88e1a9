package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// Dialer connects to machines, through jump hosts if there are any. It is safe
// for use by several goroutines, which share the connections to the jump hosts.
// Do not change its fields once it is in use.
type Dialer struct {
	Auth *Auth // for both machines and jump hosts; Close leaves it open

	// Jumps are the jump hosts in order, each reached through the one before.
	Jumps []Target

	// Trace, if not nil, receives one line for each step of each connection. It
	// is called from several goroutines and never receives a secret.
	Trace func(format string, args ...any)

	chain chain
}

const (
	tries      = 3
	maxPause   = 800 * time.Millisecond // between tries; the shortest pause is a quarter of it
	maxThrough = 8                      // concurrent handshakes through the jump hosts: sshd starts to drop at 10
)

// Dial connects and authenticates. Errors call the machine by the given name.
func (d *Dialer) Dial(ctx context.Context, name string, t Target) (*Conn, error) {
	if len(d.Jumps) > 0 {
		release, err := d.chain.enter(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: cannot connect: %w", name, err)
		}
		defer release()
	}
	client, err := d.connect(ctx, name, t, d.reach)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return newConn(ctx, client, d.tracer(name)), nil
}

// Close ends the connections to the jump hosts, and with them all connections
// that go through them. Later calls of Dial through them fail. Without jump
// hosts it ends nothing.
func (d *Dialer) Close() error { return d.chain.close() }

func (d *Dialer) tracer(name string) tracer { return tracer{name, d.Trace} }

// opener opens a TCP connection to a target.
type opener func(ctx context.Context, trace tracer, t Target) (net.Conn, error)

// connect tries again if sshd turned the connection away because too many others
// were logging in: it closes random connections before the key exchange. Trying
// again is safe: nothing was sent, and nothing counts as a failed login. The same
// is true if a jump host was lost before it had connected any further.
func (d *Dialer) connect(ctx context.Context, name string, t Target, open opener) (*ssh.Client, error) {
	deadline := time.Now().Add(dialTimeout)
	for try := 1; ; try++ {
		client, again, err := d.attempt(ctx, name, t, open)
		pause := time.Duration((0.25 + 0.75*rand.Float64()) * float64(maxPause))
		if err == nil || !again || try == tries || time.Now().Add(pause).After(deadline) {
			return client, err
		}
		d.tracer(name).say("closed before the key exchange: tries again in %d ms", pause.Milliseconds())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

func (d *Dialer) attempt(ctx context.Context, name string, t Target, open opener) (client *ssh.Client, again bool, err error) {
	l := &login{tracer: d.tracer(name), auth: d.Auth, target: t}
	conn, err := open(ctx, l.tracer, t)
	if err != nil {
		return nil, errors.Is(err, errJumpLost), err
	}
	client, err = l.handshake(ctx, conn)
	if err != nil {
		conn.Close()
		return nil, l.retriable(err), l.explain(err)
	}
	return client, false, nil
}

// retriable reports whether the connection was closed before the host presented
// its key.
func (l *login) retriable(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lost(err) && l.stage == connected && !l.isSomethingElse() && !l.isBarred()
}

// reach opens a TCP connection to a machine, through the jump hosts if there are
// any.
func (d *Dialer) reach(ctx context.Context, trace tracer, t Target) (net.Conn, error) {
	if len(d.Jumps) == 0 {
		return direct(ctx, trace, t)
	}
	last, err := d.chain.open(ctx, d.openChain)
	if err != nil {
		return nil, err
	}
	return through(last)(ctx, trace, t)
}

func direct(ctx context.Context, trace tracer, t Target) (net.Conn, error) {
	trace.say("connects to %s", t.addr())
	dialer := net.Dialer{Timeout: dialTimeout, Control: boundUnsent}
	conn, err := dialer.DialContext(ctx, "tcp", t.addr())
	if ctx.Err() != nil && err != nil {
		err = ctx.Err() // a lookup that a cancel has ended may say that there is no such name
	}
	if err != nil {
		return nil, explainConnect(err, t.addr())
	}
	trace.say("connected to %s", conn.RemoteAddr())
	return conn, nil
}
