package labcli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

func status(std Streams) error {
	labs, err := lab.Running()
	if err != nil {
		return err
	}
	if len(labs) == 0 {
		_, err := fmt.Fprintln(std.Out, "no lab is up")
		return err
	}
	for _, l := range labs {
		if _, err := fmt.Fprint(std.Out, describe(l)); err != nil {
			return err
		}
	}
	return nil
}

func describe(l *lab.Lab) string {
	var text strings.Builder
	owner, state := "a test", "booting"
	if l.ByHand() {
		owner = "`lab up`"
	}
	if l.Ready() {
		state = "ready"
	}
	fmt.Fprintf(&text, "lab %d: %s, started by %s (process %d), files in %s\n", l.Number(), state, owner, l.OwnerPID(), l.Dir())
	for _, h := range l.Hosts() {
		fmt.Fprintf(&text, "  %-8s %s\n", h.Name, h.Addr)
	}
	return text.String()
}

// ssh logs in. Without a command it is a shell; ssh itself asks for a terminal then.
func ssh(ctx context.Context, args []string, std Streams) error {
	if len(args) == 0 {
		return fmt.Errorf("ssh: which host? %w", errUsage)
	}
	l, err := byHand()
	if err != nil {
		return err
	}
	user, name, given := strings.Cut(args[0], "@")
	if !given {
		user, name = "root", args[0]
	}
	for _, h := range l.Hosts() {
		if h.Name == name {
			return runSSH(ctx, append(l.SSHArgs(user, h), args[1:]...), std)
		}
	}
	return fmt.Errorf("ssh: this lab has no host %q; see `lab status`", name)
}

func runSSH(ctx context.Context, args []string, std Streams) error {
	cmd := exec.CommandContext(ctx, "ssh", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = std.In, std.Out, std.Err
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return remoteExit(exit.ExitCode())
	}
	return err
}

// remoteExit is the exit code of a command that ran on a host. It said itself what there was to say.
type remoteExit int

func (code remoteExit) Error() string { return fmt.Sprintf("exit code %d", int(code)) }

// env prints what the command line of Slipway, and a curious person, needs. The settings are exported.
func env(ctx context.Context, std Streams) error {
	l, err := byHand()
	if err != nil {
		return err
	}
	revision, err := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "-C", filepath.Join(developerDir(l), "repo"), "rev-parse", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("env: the sample application's revision: %w", err)
	}
	settings := append(sample.Settings(l), "SLIPWAY_REVISION="+strings.TrimSpace(string(revision)),
		"SLIPWAY_LAB_ADMIN_KEY_FILE="+l.AdminKeyPath(), "SLIPWAY_LAB_DIR="+l.Dir())
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		if _, err := fmt.Fprintf(std.Out, "export %s='%s'\n", name, value); err != nil {
			return err
		}
	}
	return nil
}
