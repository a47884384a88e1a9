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

// ExitError reports that a command ran and failed.
type ExitError struct{ Status int }

func (e *ExitError) Error() string   { return fmt.Sprintf("exit status %d", e.Status) }
func (e *ExitError) ExitStatus() int { return e.Status }

// Exec runs a command line in the home directory and waits until it has ended.
// When ctx ends first, Exec closes the streams and returns ctx's error; the
// command may go on without them.
//
// The command's own output arrives complete. Processes that it left behind may
// write a little more for a few seconds; then their output is closed.
func (m *Machine) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	return m.exec(ctx, command, nil, stdin, stdout, stderr)
}

func (m *Machine) exec(ctx context.Context, command string, env []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir, cmd.Env = m.home, slices.Concat(m.env, env)
	// In a session of its own, the command gets neither a Ctrl-C nor the runner's
	// signal to the process group: Slipway gets them and decides what to do.
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

// outcome joins the error of the command with the error of its input. A command
// may succeed without reading all of its input; what it read must be complete.
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
