package labtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/apxr/slipway/test/lab"
)

// The guard is this test binary started once more. It waits until the tests' process is gone and then removes what
// that left: a panic in a test ends the process without running anything of TestMain.

// guardVariable holds the ID of the process to wait for.
const guardVariable = "SLIPWAY_LAB_GUARD_OF"

func startGuard() error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start the lab's guard: %w", err)
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), guardVariable+"="+strconv.Itoa(os.Getpid()))
	// A session of its own, so that Ctrl-C does not reach it; and no output, for which go test would wait.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the lab's guard: %w", err)
	}
	return nil
}

// exitIfGuard does not return in the guard.
func exitIfGuard() {
	parent, err := strconv.Atoi(os.Getenv(guardVariable))
	if err != nil {
		return
	}
	// Once the parent is not the parent any more, its locks are free: the kernel closes files first.
	for os.Getppid() == parent {
		time.Sleep(100 * time.Millisecond)
	}
	if err := lab.Sweep(context.Background()); err != nil {
		os.Exit(1) // nobody listens; the next Start tries again and says why
	}
	os.Exit(0)
}
