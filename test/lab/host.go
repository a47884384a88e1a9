package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"
)

// A Host is one booted Linux host of a lab.
type Host struct {
	Name  string // build, git, web1, bare1, ...
	Addr  string // its IPv4 address
	Addr6 string // its IPv6 address; hosts know each other's names by the IPv4 addresses alone

	lab   *Lab
	image image
}

func (h *Host) machineName() string { return h.lab.number.name() + "-" + h.Name }
func (h *Host) dir() string         { return filepath.Join(h.lab.Dir(), h.Name) }

// Root is the host's root directory as this machine sees it. What is written there the host sees at once.
func (h *Host) Root() string { return filepath.Join(h.dir(), "root") }

// ConsolePath is the file with what the host printed on its console while booting.
func (h *Host) ConsolePath() string { return filepath.Join(h.dir(), "console.log") }

// Run runs a program on the host as root, over SSH, and returns what it printed. The arguments arrive as they are
// given. The error of a program that failed holds what it wrote to standard error. A nil stdin is empty.
func (h *Host) Run(ctx context.Context, stdin io.Reader, argv ...string) (stdout string, err error) {
	return h.RunAs(ctx, "root", stdin, argv...)
}

// RunAs is Run as another user: deploy logs in with the deploy key, all others with the admin key.
func (h *Host) RunAs(ctx context.Context, user string, stdin io.Reader, argv ...string) (stdout string, err error) {
	cmd := h.lab.sshCommand(ctx, user, h, argv)
	cmd.Stdin = stdin
	// A stdin that is not at its end would otherwise outlast a cancelled ssh.
	cmd.WaitDelay = time.Second
	var stdoutText, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdoutText, &stderr
	if err := cmd.Run(); err != nil {
		return stdoutText.String(), commandError(fmt.Sprintf("%s@%s: %s", user, h.Name, strings.Join(argv, " ")), err, stderr.String())
	}
	return stdoutText.String(), nil
}

// bootTimeout bounds a boot. It takes about a second; a busy machine with many hosts takes longer.
const bootTimeout = 60 * time.Second

// WaitReady waits until the host has finished booting: sshd answers and systemd has no more jobs to do.
// It does not mind failed units: systemctl is-system-running and systemctl --failed name them.
func (h *Host) WaitReady(ctx context.Context) error {
	_, err := h.waitForBootOtherThan(ctx, "")
	return err
}

// Reboot restarts the host's whole system and waits until it is ready again.
func (h *Host) Reboot(ctx context.Context) error {
	before, err := h.Run(ctx, nil, "cat", bootIDFile)
	if err != nil {
		return fmt.Errorf("reboot: %w", err)
	}
	// The answer says nothing: it depends on whether sshd or the network goes first.
	_, rebootErr := h.Run(ctx, nil, "systemctl", "reboot")
	if _, err := h.waitForBootOtherThan(ctx, before); err != nil {
		return fmt.Errorf("reboot %s: %w", h.Name, errors.Join(err, rebootErr))
	}
	return nil
}

// bootIDFile holds another value after every boot.
const bootIDFile = "/proc/sys/kernel/random/boot_id"

// waitForBootOtherThan waits until the host is up in a boot that does not have the given ID.
func (h *Host) waitForBootOtherThan(ctx context.Context, before string) (bootID string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTimeout, fmt.Errorf("it took longer than %s", bootTimeout))
	defer cancel()
	for {
		bootID, err = h.bootID(ctx)
		if err == nil && bootID != before {
			return bootID, nil
		}
		if failed := h.lab.bootFailure(h); failed != nil {
			return "", failed
		}
		if stop := sleep(ctx, 20*time.Millisecond); stop != nil {
			return "", fmt.Errorf("wait for %s to boot: %w (see %s); last: %w", h.Name, stop, h.ConsolePath(), err)
		}
	}
}

// bootID asks a host that is ready for its boot ID; until then it fails.
func (h *Host) bootID(ctx context.Context) (string, error) {
	if err := h.sshdAnswers(ctx); err != nil {
		return "", err
	}
	// is-system-running also fails when the system is up but a unit has failed, hence the ';'.
	return h.Run(ctx, nil, "sh", "-c", "systemctl is-system-running --wait >/dev/null; cat "+bootIDFile)
}

// sshdAnswers is a cheap question, to be asked often, before ssh itself is started.
func (h *Host) sshdAnswers(ctx context.Context) error {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(h.Addr, "22"))
	if err != nil {
		return err
	}
	return conn.Close()
}
