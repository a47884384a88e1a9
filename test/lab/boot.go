package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// boot makes a host, starts it and waits until it is ready.
func (h *Host) boot(ctx context.Context, base string, f furniture) error {
	if err := mountRoot(base, h); err != nil {
		return err
	}
	if err := f.furnish(h); err != nil {
		return fmt.Errorf("write the files of %s: %w", h.Name, err)
	}
	if err := plugIn(ctx, h); err != nil {
		return fmt.Errorf("connect %s: %w", h.Name, err)
	}
	groups, err := makeCgroups(h.machineName())
	if err != nil {
		return fmt.Errorf("make the cgroup of %s: %w", h.Name, err)
	}
	h.lab.keepRunning(h, groups)
	return h.WaitReady(ctx)
}

// rebooted is systemd-nspawn's exit code when the system in it asked for a reboot.
const rebooted = 133

// keepRunning runs a host until it is powered off or the lab ends, and again whenever it reboots.
func (l *Lab) keepRunning(h *Host, groups []string) {
	l.machines.Go(func() {
		for {
			err := runMachine(h, groups)
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == rebooted && !l.stopping() {
				continue
			}
			l.setBootFailure(h, err)
			return
		}
	})
}

// enterCgroups moves a process into cgroups (the arguments before --) before it becomes the machine (those after it).
const enterCgroups = `while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"`

func runMachine(h *Host, groups []string) error {
	console, err := os.OpenFile(h.ConsolePath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	args := append([]string{"-c", enterCgroups, "enter-cgroups"}, groups...)
	args = append(args, "--")
	cmd := exec.Command("sh", append(args, nspawn(h)...)...)
	// On a hybrid machine, too, the host has cgroup2 alone: systemd knows nothing else since version 256.
	if h.image.suite != "" {
		cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	}
	cmd.Stdout, cmd.Stderr = console, console
	// A session of its own: Ctrl-C at the terminal goes to the lab's owner, who ends the hosts.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return errors.Join(cmd.Run(), console.Close())
}

func nspawn(h *Host) []string {
	return []string{
		"systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--settings=no",
		"--machine=" + h.machineName(), "--hostname=" + h.Name, "--directory=" + h.Root(), "--boot",
		"--network-namespace-path=" + h.netnsPath(), "--capability=CAP_NET_ADMIN",
		"--console=read-only", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
	}
}
