// Package remote reaches a machine over SSH, through jump hosts if there are
// any. One authenticated connection runs commands with streams, lends them an SSH
// agent, reads and writes small files over SFTP, and opens TCP connections as
// seen from the machine.
//
// The package does not know what Slipway runs on a machine or why.
package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// Target names a host, its port, and the user to log in as.
type Target struct {
	User string
	Host string // name or address
	Port string
}

func (t Target) addr() string { return net.JoinHostPort(t.Host, t.Port) }

const (
	dialTimeout  = 15 * time.Second // TCP connect and handshake, each
	pingInterval = 10 * time.Second
	pingTimeout  = 20 * time.Second // less than the 30 s for which a lock outlives its connection
)

// Conn is a connection to one machine. It is safe for use by several
// goroutines.
type Conn struct {
	name   string
	client *ssh.Client
	trace  tracer
	stop   context.CancelFunc
	gone   chan struct{}   // closed when the connection has ended
	life   context.Context // cancelled when the connection has ended
	linger time.Duration

	forwarding forwarding
}

// newConn returns a Conn that sends keepalives until it is closed.
func newConn(ctx context.Context, client *ssh.Client, trace tracer) *Conn {
	pings, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Conn{name: trace.name, client: client, trace: trace, stop: stop, gone: make(chan struct{}), linger: linger}
	var died context.CancelFunc
	c.life, died = context.WithCancel(context.WithoutCancel(ctx))
	go c.ping(pings)
	go func() {
		client.Wait()
		close(c.gone)
		died()
	}()
	return c
}

// Lost reports whether the connection has ended and is of no further use.
func (c *Conn) Lost() bool { return c.lost() }

// LostError reports that a connection ended while it was in use.
type LostError struct {
	Host string
	Err  error // the error of package ssh, if there was one
}

func (e *LostError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: the connection was lost: %v", e.Host, e.Err)
	}
	return e.Host + ": the connection was lost"
}

func (e *LostError) Unwrap() error { return e.Err }

// while returns a context that also ends with the connection, with a [LostError]
// as its cause. Without it, a call of package ssh that begins as the connection
// ends may wait for an answer forever.
func (c *Conn) while(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(&LostError{Host: c.name}) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// reason returns why a context of [Conn.while] ended.
func reason(ctx context.Context) error {
	if lost := (*LostError)(nil); errors.As(context.Cause(ctx), &lost) {
		return lost
	}
	return ctx.Err()
}

func (c *Conn) lost() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// ping notices a peer that vanished without closing the connection.
func (c *Conn) ping(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pingInterval):
		}
		timer := time.AfterFunc(pingTimeout, func() { c.client.Close() })
		_, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil)
		timer.Stop()
		if err != nil {
			if ctx.Err() == nil {
				c.trace.say("the connection is lost: no answer to a keepalive")
			}
			c.client.Close()
			return
		}
	}
}

// Name returns the machine's name in messages.
func (c *Conn) Name() string { return c.name }

// Close ends the connection and everything that runs over it.
func (c *Conn) Close() error {
	c.stop()
	err := c.client.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil // the peer closed it first
	}
	return err
}

// DialContext opens a connection from the machine to addr, which may be on the
// machine's own loopback.
func (c *Conn) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, done := c.while(ctx)
	defer done()
	conn, err := c.client.DialContext(ctx, network, addr)
	if err != nil && c.lost() {
		return nil, &LostError{Host: c.name}
	}
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		if refused.Reason == ssh.Prohibited {
			return nil, &ForwardingError{c.name}
		}
		return nil, fmt.Errorf("%s: nothing accepts connections on %s", c.name, addr)
	}
	return conn, err
}

// ForwardingError reports that an sshd opens no connections for its clients.
type ForwardingError struct{ Host string }

func (e *ForwardingError) Error() string {
	return e.Host + ": sshd forbids TCP forwarding to that port: see " + forwardingOptions
}

// forwardingOptions are the places that can forbid it.
const forwardingOptions = "AllowTcpForwarding, DisableForwarding and PermitOpen in its sshd_config, and restrict, no-port-forwarding and permitopen= before the key in authorized_keys"

// ForwardingForbidden marks the error for packages that do not import its type.
func (e *ForwardingError) ForwardingForbidden() bool { return true }
