package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"syscall"
)

// ExitError is a command that ran and failed.
type ExitError struct{ Status int }

func (e *ExitError) Error() string   { return fmt.Sprintf("exit status %d", e.Status) }
func (e *ExitError) ExitStatus() int { return e.Status }

// Exec runs a command line in the home directory and waits until it has ended.
// When ctx ends first, the streams are closed and ctx's error is returned; what
// the command does then is up to the command.
//
// What the command itself has written arrives whole. What it has left running
// may write a little for a few seconds more; then its output is closed.
func (m *Machine) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	return m.exec(ctx, command, nil, stdin, stdout, stderr)
}

func (m *Machine) exec(ctx context.Context, command string, env []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir, cmd.Env = m.home, slices.Concat(m.env, env)
	// A session of its own: a Ctrl-C, or the runner's signal to the process
	// group, is for Slipway, which knows what to do about it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	streams, err := start(cmd, m.linger, stdout, stderr)
	if err != nil {
		return fmt.Errorf("%s: cannot start a command in %s: %w", name, m.home, err)
	}
	defer streams.close()
	fed := make(chan error, 1)
	go feed(streams.in, stdin, fed)
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		done <- errors.Join(waited(err), streams.drain())
	}()
	select {
	case err := <-done:
		return outcome(err, fed)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outcome joins how the command ended with how its input did. A command may end
// well and leave its input unread; what was read must have come whole.
func outcome(err error, fed <-chan error) error {
	select {
	case inputErr := <-fed:
		return errors.Join(inputErr, err)
	default:
		return err
	}
}

func waited(err error) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Errorf("%s: the command was ended by signal %d (%s)", name, status.Signal(), status.Signal())
	}
	return &ExitError{exit.ExitCode()}
}
