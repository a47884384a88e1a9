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
// for use by several goroutines, which share the connections to the jump hosts;
// its fields do not change once it is in use.
type Dialer struct {
	Auth *Auth // for the machines and the jump hosts alike; Close leaves it open

	// Jumps are passed through in this order, each reached from the one before.
	Jumps []Target

	// Trace is told how each connection comes about, one line a call, from
	// several goroutines; nil is nobody. It is never given a secret.
	Trace func(format string, args ...any)

	chain chain
}

const (
	tries      = 3
	maxPause   = 800 * time.Millisecond // between them; at least a quarter of it
	maxThrough = 8                      // handshakes at a time through the jump hosts: sshd drops from 10 on
)

// Dial connects and authenticates. The name is what errors call the machine.
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

// Close ends the connections to the jump hosts, and so all that go through
// them; with no jump hosts it ends nothing. Afterwards nothing is dialled
// through them any more.
func (d *Dialer) Close() error { return d.chain.close() }

func (d *Dialer) tracer(name string) tracer { return tracer{name, d.Trace} }

// opener opens a TCP connection to a target.
type opener func(ctx context.Context, trace tracer, t Target) (net.Conn, error)

// connect tries again where sshd turned the connection away because too many
// others were logging in: it closes some of them, by chance, before the key
// exchange. Nothing was sent then, and nothing counts as a failed login. The
// same holds when a jump host was lost before it had connected any further.
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

// retriable is a connection that was closed before the host showed its key.
func (l *login) retriable(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lost(err) && l.stage == connected && !l.isSomethingElse()
}

// reach opens a TCP connection to a machine, the way that leads there.
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
	if err != nil {
		return nil, explainConnect(err, t.addr())
	}
	trace.say("connected to %s", conn.RemoteAddr())
	return conn, nil
}
