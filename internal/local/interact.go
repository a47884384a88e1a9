package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
)

// Interact runs a command line on the terminal of this process and waits until it
// has ended. The command gets keys and signals from the terminal directly. When
// ctx ends first, the command gets SIGTERM. A command that runs as another user
// cannot be signalled; it loses the terminal when this process ends.
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
