package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
)

// Interact runs a command line on the terminal of this process, which gets its
// keys and signals by itself, and waits until it has ended. When ctx ends first
// the command gets SIGTERM; where that is another user's, who cannot be
// signalled, it loses the terminal as soon as this process has ended.
func (m *Machine) Interact(ctx context.Context, command, term string, in, out *os.File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir, cmd.Env = m.home, slices.Concat(m.env, []string{"TERM=" + term})
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: cannot start a command in %s: %w", name, m.home, err)
	}
	done := make(chan error, 1)
	go func() { done <- waited(cmd.Wait()) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return fmt.Errorf("%w; the command goes on until this terminal is closed: %w", ctx.Err(), err)
		}
		return ctx.Err()
	}
}
