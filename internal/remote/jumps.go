package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// chain holds the connections to the jump hosts. The first user opens them, all
// users share them, and they are opened again when they were lost.
type chain struct {
	once  sync.Once
	slots chan struct{} // bounds the handshakes through the chain

	mu     sync.Mutex
	conns  []*Conn  // from the first jump host to the last
	coming *opening // the attempt to share; nil if the next user must start one
	closed bool
}

// opening is one attempt to open the chain, shared by all who wait for it.
type opening struct {
	done    chan struct{}
	last    *Conn
	err     error
	waiting int
	cancel  context.CancelFunc // called when nobody waits any more
}

// remembered is how long a failure to open the chain is remembered. During that
// time the chain is not tried again: a hundred hosts behind a jump host that
// refuses the key must not cause a hundred failed logins.
const remembered = 10 * time.Second

var errJumpLost = errors.New("the connection was lost")

var errClosed = errors.New("the jump hosts are no longer used: this run is ending")

// enter waits for a free slot for a handshake.
func (c *chain) enter(ctx context.Context) (release func(), err error) {
	c.once.Do(func() { c.slots = make(chan struct{}, maxThrough) })
	select {
	case c.slots <- struct{}{}:
		return func() { <-c.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// open returns the connection to the last jump host. An attempt to open the
// chain goes on as long as anyone waits for it, even if the caller that started
// it has gone.
func (c *chain) open(ctx context.Context, openAll func(context.Context) ([]*Conn, error)) (*Conn, error) {
	o, err := c.join(openAll)
	if err != nil {
		return nil, err
	}
	defer c.leave(o)
	select {
	case <-o.done:
		return o.last, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *chain) join(openAll func(context.Context) ([]*Conn, error)) (*opening, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if c.coming == nil || slices.ContainsFunc(c.conns, (*Conn).lost) {
		c.start(openAll)
	}
	c.coming.waiting++
	return c.coming, nil
}

func (c *chain) start(openAll func(context.Context) ([]*Conn, error)) {
	go closeAll(c.conns) // the remains of a lost chain
	c.conns = nil
	ctx, cancel := context.WithCancel(context.Background())
	o := &opening{done: make(chan struct{}), cancel: cancel}
	c.coming = o
	go func() {
		defer cancel()
		conns, err := openAll(ctx)
		c.finish(o, conns, err)
	}()
}

func (c *chain) finish(o *opening, conns []*Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(o.done)
	switch {
	case err == nil && (c.closed || c.coming != o):
		closeAll(conns)
		o.err = errClosed
	case err != nil:
		o.err = err
		time.AfterFunc(remembered, func() { c.forget(o) })
	default:
		c.conns, o.last = conns, conns[len(conns)-1]
	}
}

func (c *chain) forget(o *opening) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.coming == o {
		c.coming = nil
	}
}

// leave stops waiting for an opening, and cancels it if nobody else waits.
func (c *chain) leave(o *opening) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o.waiting--
	select {
	case <-o.done:
		return
	default:
	}
	if o.waiting == 0 {
		o.cancel()
		if c.coming == o {
			c.coming = nil
		}
	}
}

func (c *chain) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.coming != nil {
		c.coming.cancel()
	}
	err := closeAll(c.conns)
	c.conns = nil
	return err
}

// closeAll closes the connections from the far end, which is reached through the
// near one.
func closeAll(conns []*Conn) error {
	var errs []error
	for i := len(conns) - 1; i >= 0; i-- {
		errs = append(errs, conns[i].Close())
	}
	return errors.Join(errs...)
}

// openChain logs in to each jump host through the one before it.
func (d *Dialer) openChain(ctx context.Context) ([]*Conn, error) {
	var conns []*Conn
	open := opener(direct)
	for _, t := range d.Jumps {
		name := "jump host " + t.short()
		client, err := d.connect(ctx, name, t, open)
		if err != nil {
			closeAll(conns)
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		conn := newConn(ctx, client, d.tracer(name))
		conns = append(conns, conn)
		open = through(conn)
	}
	return conns, nil
}

// short returns the target as messages show it: with the port only if it is not
// the default one.
func (t Target) short() string {
	if t.Port == "22" {
		return t.Host
	}
	return t.addr()
}

// through returns an opener that connects from a jump host.
func through(jump *Conn) opener {
	return func(ctx context.Context, trace tracer, t Target) (net.Conn, error) {
		trace.say("connects to %s through %s", t.addr(), jump.name)
		limited, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		conn, err := jump.client.DialContext(limited, "tcp", t.addr())
		if err != nil {
			return nil, jump.explainThrough(ctx, err, t)
		}
		trace.say("connected to %s through %s", t.addr(), jump.name)
		return conn, nil
	}
}

func (c *Conn) explainThrough(ctx context.Context, err error, t Target) error {
	refused, isRefused := errors.AsType[*ssh.OpenChannelError](err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("cannot connect: %w", ctx.Err())
	case isRefused && refused.Reason == ssh.Prohibited:
		return fmt.Errorf("%s: its sshd forbids TCP forwarding to %s (administratively prohibited): set 'AllowTcpForwarding yes' there; see %s", c.name, t.addr(), forwardingOptions)
	case isRefused:
		return fmt.Errorf("%s: cannot connect from there to %s: %s", c.name, t.addr(), printable(refused.Message, 100))
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: cannot connect from there to %s: no answer within %s", c.name, t.addr(), dialTimeout)
	}
	c.client.Close() // the next caller must not take it for alive
	return fmt.Errorf("%s: %w: %w", c.name, errJumpLost, err)
}
