// Package remote reaches a machine over SSH: one authenticated connection that
// runs commands with streams, lends them an SSH agent, reads and writes small
// files over SFTP, and opens TCP connections from the machine's own point of
// view.
//
// It does not know what Slipway runs on a machine or why.
package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// Target is where and as whom to log in.
type Target struct {
	User string
	Host string // name or address
	Port string
}

func (t Target) addr() string { return net.JoinHostPort(t.Host, t.Port) }

const (
	dialTimeout  = 15 * time.Second // TCP connect and handshake, each
	pingInterval = 10 * time.Second
	pingTimeout  = 20 * time.Second // below the 30 s that a lost lock may last
)

// Conn is a connection to one machine. It is safe for use by several
// goroutines.
type Conn struct {
	name   string
	client *ssh.Client
	stop   context.CancelFunc

	forwarding forwarding

	sftpOnce sync.Once
	sftp     *sftp.Client
	sftpErr  error
}

// Dial connects and authenticates. The name is what errors call the machine.
func Dial(ctx context.Context, name string, t Target, auth Auth) (*Conn, error) {
	config, err := auth.clientConfig(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	tcp, err := dialer.DialContext(ctx, "tcp", t.addr())
	if err != nil {
		return nil, fmt.Errorf("%s: cannot connect: %w", name, err)
	}
	client, err := handshake(ctx, tcp, t, config)
	if err != nil {
		tcp.Close()
		return nil, fmt.Errorf("%s: %w", name, explain(err, t))
	}
	pings, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Conn{name: name, client: client, stop: stop}
	go c.ping(pings)
	return c, nil
}

// handshake bounds what ssh.ClientConfig.Timeout does not: a peer that accepts
// the connection and then says nothing.
func handshake(ctx context.Context, tcp net.Conn, t Target, config *ssh.ClientConfig) (*ssh.Client, error) {
	if err := tcp.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { tcp.Close() })()
	conn, channels, requests, err := ssh.NewClientConn(tcp, t.addr(), config)
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	if err := tcp.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return ssh.NewClient(conn, channels, requests), nil
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
			c.client.Close()
			return
		}
	}
}

// Name is what the machine is called in messages.
func (c *Conn) Name() string { return c.name }

// Close ends the connection and everything that runs over it.
func (c *Conn) Close() error {
	c.stop()
	err := c.client.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil // a peer that went away first is no news here
	}
	return err
}

// DialContext opens a connection from the machine to addr: the machine's own
// loopback is reached by it.
func (c *Conn) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := c.client.DialContext(ctx, network, addr)
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		if refused.Reason == ssh.Prohibited {
			return nil, fmt.Errorf("%s: sshd forbids TCP forwarding (AllowTcpForwarding), which the health check needs", c.name)
		}
		return nil, fmt.Errorf("%s: nothing accepts connections on %s", c.name, addr)
	}
	return conn, err
}
