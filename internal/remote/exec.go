package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
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
//
// What counts is the end of the command. Processes that it left behind may
// write a little more; then their output is no longer read, which stderr says.
func (c *Conn) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	ctx, done := c.while(ctx)
	defer done()
	s, err := c.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return c.run(ctx, s, command, stdin, stdout, stderr)
}

// session is a channel for one command.
type session struct {
	ssh.Channel
	exited <-chan error // gets how the command ended
}

// session opens a session. It stops waiting for a silent peer when ctx ends.
func (c *Conn) session(ctx context.Context) (*session, error) {
	var s *session
	opened := make(chan error, 1)
	go func() {
		channel, requests, err := c.client.OpenChannel("session", nil)
		if err == nil {
			s = &session{channel, exitOf(requests)}
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		var refused *ssh.OpenChannelError
		switch {
		case err == nil:
			return s, nil
		case errors.As(err, &refused):
			return nil, &NoSessionError{c.name, err}
		}
		return nil, &LostError{c.name, err}
	case <-ctx.Done():
		go func() {
			if <-opened == nil {
				s.Close()
			}
		}()
		return nil, reason(ctx)
	}
}

// NoSessionError reports that an sshd opens no more sessions on this connection
// for now (MaxSessions). No command was started, and nothing of its input was
// read.
type NoSessionError struct {
	Host string
	Err  error
}

func (e *NoSessionError) Error() string {
	return e.Host + ": sshd opens no further session on this connection: MaxSessions in its sshd_config must be 2 at least, and is 10 by default (" + e.Err.Error() + ")"
}
func (e *NoSessionError) Unwrap() error { return e.Err }

// NoSession marks the error for packages that do not import its type.
func (e *NoSessionError) NoSession() bool { return true }

// request asks for something, and returns an error if the peer refuses it. It
// stops waiting for a silent peer when ctx ends.
func (s *session) request(ctx context.Context, name string, payload any) error {
	answered := make(chan error, 1)
	go func() {
		ok, err := s.SendRequest(name, true, ssh.Marshal(payload))
		if err == nil && !ok {
			err = errDenied
		}
		answered <- err
	}()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return reason(ctx)
	}
}

var errDenied = errors.New("the server refuses it")

// run does not wait for the answer to its request before it sends the input: the
// answer takes a round trip, and is nearly always yes.
func (c *Conn) run(ctx context.Context, s *session, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	denied := make(chan error, 1)
	go func() {
		if err := s.request(ctx, "exec", struct{ Command string }{command}); err != nil {
			denied <- err
		}
	}()
	out := collect(s, stdout, stderr)
	defer out.detach()
	fed := make(chan error, 1)
	go feed(s, stdin, fed)
	select {
	case err := <-denied:
		return c.notStarted(ctx, err)
	case err := <-s.exited:
		return c.finish(err, out, fed)
	case err := <-out.failed: // and the command would wait for a reader
		return err
	case <-ctx.Done():
	}
	if !c.lost() {
		return reason(ctx)
	}
	select { // the exit status may have arrived before the connection ended
	case err := <-s.exited:
		return c.finish(err, out, fed)
	case <-time.After(lostGrace):
		return reason(ctx)
	}
}

// notStarted returns the error of a command that the server has not started.
func (c *Conn) notStarted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return reason(ctx)
	}
	c.notice()
	return fmt.Errorf("%s: cannot start a command: %w", c.name, err)
}

// finish returns the error of a command that has ended, with those of its
// streams.
func (c *Conn) finish(err error, out *output, fed <-chan error) error {
	if left := out.drain(c.linger); left {
		out.say("what this command has left running still holds its output, which is no longer read")
	}
	return c.outcome(errors.Join(err, out.err()), fed)
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

// feed copies stdin to the command, then closes its stdin. To the command, a
// reader that failed looks like a clean end of file, so the error goes to the
// caller. It is sent before the stdin is closed, so it is there by the time the
// command can exit.
func feed(in ssh.Channel, stdin io.Reader, fed chan<- error) {
	_, err := io.Copy(writerOnly{in}, stdin)
	if errors.Is(err, io.EOF) {
		err = nil // the command ended before it had read everything
	}
	fed <- err
	in.CloseWrite() // fails only if the connection was lost, which exitOf reports
}

// writerOnly hides all methods but Write.
type writerOnly struct{ io.Writer }

// outcome joins the error of the command with the error of its input. A command
// may succeed without reading all of its input; what it read must be complete.
func (c *Conn) outcome(err error, fed <-chan error) error {
	var inputErr error
	select {
	case inputErr = <-fed:
	default:
	}
	return errors.Join(inputErr, c.explained(err))
}

// exitOf returns a channel that gets how the command of a session ended: nil, an
// [ExitError], a signalError, or errNoExit if that was never said.
func exitOf(requests <-chan *ssh.Request) <-chan error {
	exited := make(chan error, 1)
	go func() {
		var end error
		var known bool
		for r := range requests {
			if end, known = parseExit(r); known {
				break
			}
			if r.WantReply {
				r.Reply(false, nil)
			}
		}
		if !known {
			end = errNoExit
		}
		exited <- end
		ssh.DiscardRequests(requests)
	}()
	return exited
}

// parseExit returns the end of a command, if a request reports one (RFC 4254,
// section 6.10).
func parseExit(r *ssh.Request) (end error, known bool) {
	var status struct{ Status uint32 }
	var signal struct {
		Name           string
		Core           bool
		Text, Language string
	}
	switch {
	case r.Type == "exit-status" && ssh.Unmarshal(r.Payload, &status) == nil:
		if status.Status == 0 {
			return nil, true
		}
		return &ExitError{int(status.Status)}, true
	case r.Type == "exit-signal" && ssh.Unmarshal(r.Payload, &signal) == nil:
		return signalError(signal.Name), true
	}
	return nil, false
}

// signalError names the signal that ended a command.
type signalError string

func (e signalError) Error() string { return "the command was ended by signal " + string(e) }

var errNoExit = errors.New("the connection was lost while a command ran")

// explained adds the host's name to an error that does not come from the command
// itself.
func (c *Conn) explained(err error) error {
	if err == nil || errors.As(err, new(*ExitError)) {
		return err
	}
	if errors.Is(err, errNoExit) {
		c.notice()
	}
	return fmt.Errorf("%s: %w", c.name, err)
}
