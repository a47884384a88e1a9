package labcli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/apxr/slipway/test/lab"
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

func env(std Streams) error {
	l, err := byHand()
	if err != nil {
		return err
	}
	var web []string
	for _, h := range l.WebHosts() {
		web = append(web, "deploy@"+h.Addr)
	}
	_, err = fmt.Fprintf(std.Out, `SLIPWAY_BUILD_HOST='deploy@%s'
SLIPWAY_HOSTS='%s'
SLIPWAY_SSH_KEY_FILE='%s'
SLIPWAY_KNOWN_HOSTS_FILE='%s'
SLIPWAY_REPOSITORY='%s'
SLIPWAY_LAB_ADMIN_KEY_FILE='%s'
SLIPWAY_LAB_DIR='%s'
`, l.Host("build").Addr, strings.Join(web, " "), l.DeployKeyPath(), l.KnownHostsPath(), l.GitURL("apxr_io"), l.AdminKeyPath(), l.Dir())
	return err
}
