package labcli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

const (
	superviseCommand = "supervise"
	// readyLine is the supervisor's last line when all is well; those before it are progress, or the error.
	readyLine = "ready"
)

// up starts the supervisor and shows its progress until the lab is ready.
func up(ctx context.Context, args []string, std Streams) error {
	if err := checkUp(args); err != nil {
		return err
	}
	cmd, lines, err := startSupervisor(ctx, args)
	if err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	if !showProgress(lines, std.Err) {
		return fmt.Errorf("the lab did not start, see above: %w", cmd.Wait())
	}
	return errors.Join(cmd.Process.Release(), status(std))
}

func checkUp(args []string) error {
	if _, err := parseUp(args); err != nil {
		return err
	}
	if err := lab.CheckMachine(); err != nil {
		return err
	}
	l, err := byHand()
	if errors.Is(err, errNotUp) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("lab %d is up already: use it, or end it with `lab down`", l.Number())
}

// startSupervisor starts this program once more, detached from the terminal. Until it is ready it ends with ctx.
func startSupervisor(ctx context.Context, args []string) (*exec.Cmd, io.Reader, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, path, append([]string{superviseCommand}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	lines, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return cmd, lines, cmd.Start()
}

func showProgress(lines io.Reader, to io.Writer) (ready bool) {
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		if scanner.Text() == readyLine {
			return true
		}
		fmt.Fprintln(to, scanner.Text())
	}
	return false
}

// supervise holds a lab until it is told to end. What it fails at after that, down tries once more and reports.
func supervise(ctx context.Context, args []string, std Streams) error {
	opts, err := parseUp(args)
	if err != nil {
		return err
	}
	opts.Log = std.Out
	l, err := lab.Start(ctx, opts)
	if err == nil {
		err = furnish(ctx, l)
	}
	if err != nil {
		err = errors.Join(err, stop(l))
		fmt.Fprintln(std.Out, "lab:", err)
		return err
	}
	fmt.Fprintln(std.Out, readyLine)
	<-ctx.Done()
	return l.Stop()
}

// furnish makes the lab one in which the sample application can be deployed at once.
func furnish(ctx context.Context, l *lab.Lab) error {
	if err := l.PrepareApp(ctx, lab.App{Org: "apxr", Name: "apxr_io", Port: sample.Port}); err != nil {
		return err
	}
	project, err := sample.Publish(ctx, l, developerDir(l))
	if err != nil {
		return err
	}
	_, err = project.Push(ctx, "apxr_io 0.1.0")
	return err
}

// developerDir is where the sample application's repository lies on this machine.
func developerDir(l *lab.Lab) string { return filepath.Join(l.Dir(), "developer") }

func stop(l *lab.Lab) error {
	if l == nil {
		return nil
	}
	return l.Stop()
}

func down(ctx context.Context, std Streams) error {
	if err := lab.CheckMachine(); err != nil {
		return err
	}
	l, err := byHand()
	if err == nil {
		err = l.EndOwner(ctx)
	}
	if err != nil && !errors.Is(err, errNotUp) {
		return err
	}
	// Also what a killed supervisor left.
	if err := lab.Sweep(ctx); err != nil {
		return err
	}
	if l == nil {
		_, err := fmt.Fprintln(std.Out, "no lab was up")
		return err
	}
	_, err = fmt.Fprintf(std.Out, "lab %d is down\n", l.Number())
	return err
}
