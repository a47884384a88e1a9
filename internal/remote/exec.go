package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// ExitError reports that a command ran and failed.
type ExitError struct{ Status int }

func (e *ExitError) Error() string   { return fmt.Sprintf("exit status %d", e.Status) }
func (e *ExitError) ExitStatus() int { return e.Status }

// Exec runs a command line in the user's login shell and waits until it has
// ended. When ctx ends first, Exec closes the streams and returns ctx's error;
// the command may go on without them.
func (c *Conn) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	ctx, done := c.while(ctx)
	defer done()
	session, err := c.session(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	return c.run(ctx, session, command, stdin, stdout, stderr)
}

// session opens a session. It stops waiting for a silent peer when ctx ends.
func (c *Conn) session(ctx context.Context) (*ssh.Session, error) {
	var session *ssh.Session
	opened := make(chan error, 1)
	go func() {
		var err error
		session, err = c.client.NewSession()
		opened <- err
	}()
	select {
	case err := <-opened:
		var refused *ssh.OpenChannelError
		switch {
		case err == nil:
			return session, nil
		case errors.As(err, &refused):
			return nil, fmt.Errorf("%s: cannot open a session: %w", c.name, err)
		}
		return nil, &LostError{c.name, err}
	case <-ctx.Done():
		go func() {
			if <-opened == nil {
				session.Close()
			}
		}()
		return nil, reason(ctx)
	}
}

func (c *Conn) run(ctx context.Context, session *ssh.Session, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	out, errs := &detachable{w: stdout}, &detachable{w: stderr}
	defer out.detach()
	defer errs.detach()
	session.Stdout, session.Stderr = out, errs
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	started := make(chan error, 1)
	go func() { started <- session.Start(command) }()
	select {
	case err := <-started:
		if err != nil {
			c.notice()
			return fmt.Errorf("%s: cannot start a command: %w", c.name, err)
		}
	case <-ctx.Done():
		return reason(ctx)
	}
	fed := make(chan error, 1)
	go feed(in, stdin, fed)
	done := make(chan error, 1)
	go func() { done <- session.Wait() }()
	select {
	case err := <-done:
		return c.outcome(err, fed)
	case <-ctx.Done():
	}
	if !c.ended() {
		return reason(ctx)
	}
	select { // the exit status may have arrived before the connection ended
	case err := <-done:
		return c.outcome(err, fed)
	case <-time.After(lostGrace):
		return reason(ctx)
	}
}

// lostGrace is how long package ssh may take to report that a connection has
// ended.
const lostGrace = 200 * time.Millisecond

// notice waits until it is known whether the connection has ended. Package ssh
// ends the sessions before the connection, and a caller whose command was lost
// calls [Conn.Lost] next.
func (c *Conn) notice() {
	select {
	case <-c.gone:
	case <-time.After(lostGrace):
	}
}

// detachable stops a session that is still ending from writing to a caller that
// no longer waits for it.
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

// feed copies stdin to in, then closes in. To the command, a reader that failed
// looks like a clean end of file, so the error goes to the caller. It is sent
// before in is closed, so it is there by the time the command can exit.
func feed(in io.WriteCloser, stdin io.Reader, fed chan<- error) {
	_, err := io.Copy(in, stdin)
	if errors.Is(err, io.EOF) {
		err = nil // the command ended before it had read everything
	}
	fed <- err
	in.Close() // fails only if the connection was lost, which Wait reports
}

// outcome joins the error of the command with the error of its input. A command
// may succeed without reading all of its input; what it read must be complete.
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
		c.notice()
		return fmt.Errorf("%s: the connection was lost while a command ran", c.name)
	}
	c.notice()
	return fmt.Errorf("%s: %w", c.name, err)
}
