package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// run runs a program and returns what it printed. Its error holds what the program wrote to standard error.
func run(ctx context.Context, name string, args ...string) (string, error) {
	return output(exec.CommandContext(ctx, name, args...))
}

func runWithInput(ctx context.Context, stdin io.Reader, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = stdin
	return output(cmd)
}

func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), commandError(strings.Join(cmd.Args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

func commandError(what string, err error, stderr string) error {
	if evidence := tail(stderr, 20); evidence != "" {
		return fmt.Errorf("%s: %w:\n%s", what, err, evidence)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// tail is the last lines of a text: the end of a log is where the reason stands.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
