// Package remote reaches a machine over SSH: one authenticated connection that
// runs commands with streams, reads and writes small files over SFTP, and opens
// TCP connections from the machine's own point of view.
//
// It does not know what Slipway runs on a machine or why.
package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
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

// ExitError is a command that ran and failed.
type ExitError struct{ Status int }

func (e *ExitError) Error() string   { return fmt.Sprintf("exit status %d", e.Status) }
func (e *ExitError) ExitStatus() int { return e.Status }

// Exec runs a command line in the user's login shell and waits until it has
// ended. When ctx ends first, the streams are closed and ctx's error is
// returned; what the command does then is up to the command.
func (c *Conn) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	session, err := c.client.NewSession()
	if err != nil {
		return fmt.Errorf("%s: cannot open a session: %w", c.name, err)
	}
	defer session.Close()
	out, errs := &detachable{w: stdout}, &detachable{w: stderr}
	defer out.detach()
	defer errs.detach()
	session.Stdout, session.Stderr = out, errs
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	if err := session.Start(command); err != nil {
		return fmt.Errorf("%s: cannot start a command: %w", c.name, err)
	}
	fed := make(chan error, 1)
	go feed(in, stdin, fed)
	done := make(chan error, 1)
	go func() { done <- session.Wait() }()
	select {
	case err := <-done:
		return c.outcome(err, fed)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// detachable keeps a session that is still dying from writing to a caller that
// has gone on.
type detachable struct {
	mu sync.Mutex
	w  io.Writer
}

func (d *detachable) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.w == nil {
		return 0, io.ErrClosedPipe
	}
	return d.w.Write(p)
}

func (d *detachable) detach() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.w = nil
}

// feed copies stdin and closes it. A reader that fails must not look like a
// clean end of file to the command, so the caller gets the error: it is there
// before the command can see the end of its input and exit.
func feed(in io.WriteCloser, stdin io.Reader, fed chan<- error) {
	_, err := io.Copy(in, stdin)
	if errors.Is(err, io.EOF) {
		err = nil // the command ended before it had read everything
	}
	fed <- err
	in.Close() // that it cannot be closed is a lost connection, which Wait tells
}

// outcome joins how the command ended with how its input did. A command may end
// well and leave its input unread; what was read must have come whole.
func (c *Conn) outcome(err error, fed <-chan error) error {
	var inputErr error
	select {
	case inputErr = <-fed:
	default:
	}
	return errors.Join(inputErr, c.waited(err))
}

func (c *Conn) waited(err error) error {
	var exit *ssh.ExitError
	var missing *ssh.ExitMissingError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.Signal() == "":
		return &ExitError{exit.ExitStatus()}
	case errors.As(err, &exit):
		return fmt.Errorf("%s: the command was ended by signal %s", c.name, exit.Signal())
	case errors.As(err, &missing):
		return fmt.Errorf("%s: the connection was lost while a command ran", c.name)
	}
	return fmt.Errorf("%s: %w", c.name, err)
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

func (c *Conn) files() (*sftp.Client, error) {
	c.sftpOnce.Do(func() { c.sftp, c.sftpErr = sftp.NewClient(c.client) })
	if c.sftpErr != nil {
		return nil, fmt.Errorf("%s: no SFTP (sshd needs 'Subsystem sftp'): %w", c.name, c.sftpErr)
	}
	return c.sftp, nil
}

// maxFile bounds what ReadFile takes from a server that misbehaves.
const maxFile = 64 << 20

// ReadFile reads a small file; a relative name is below the user's home.
func (c *Conn) ReadFile(name string) ([]byte, error) {
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	f, err := files.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, os.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, err)
	}
	return data, nil
}

// WriteFile writes a small file, creating the directories above it.
func (c *Conn) WriteFile(name string, data []byte) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	if err := files.MkdirAll(path.Dir(name)); err != nil {
		return fmt.Errorf("%s: cannot create %s: %w", c.name, path.Dir(name), err)
	}
	f, err := files.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("%s: cannot create %s: %w", c.name, name, err)
	}
	// Concurrent writes: a manifest is hundreds of kilobytes, and one packet
	// per round trip is slow far away.
	_, err = f.ReadFromWithConcurrency(bytes.NewReader(data), 0)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: cannot write %s: %w", c.name, name, err)
	}
	return nil
}
