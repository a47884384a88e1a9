// Package power cuts the power of a host in the middle of deploys and rollbacks,
// at every command of the scripts and at random moments, and looks at what is
// left on the disk: current names a complete release, and whatever a step has
// reported as done is there.
//
// The host is a directory on ext4 in a loop device, and the cut is ext4's own
// shutdown: what is in memory only is lost. sudo and systemctl are stand-ins,
// since the subject is files: what a restart does, package hosts tries.
package power

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// withinVariable says that this process has mounts of its own.
const withinVariable = "SLIPWAY_POWER_WITHIN"

// TestMain runs the tests in a process with mounts and process IDs of its own:
// however it ends, the kernel ends its scripts, takes its mounts away and frees
// its loop devices. So nothing is ever left that a later run had to remove.
func TestMain(m *testing.M) {
	if os.Getenv(withinVariable) != "" || lab.CheckMachine() != nil {
		os.Exit(m.Run())
	}
	// The kernel watches the thread that starts the process.
	runtime.LockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), withinVariable+"=yes")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(max(exit.ExitCode(), 1))
	}
	if err != nil {
		panic(err)
	}
	os.Exit(0)
}

// place is where everything is: in memory, and seen by these tests alone.
const place = "/mnt"

func need(t *testing.T) {
	t.Helper()
	labtest.Need(t)
	if err := lab.InstallTools(t.Context(), t.Logf); err != nil {
		t.Fatal(err)
	}
	// The scripts look at all processes: those of a busy machine take seconds.
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		labtest.CannotRun(t, err)
	}
	if err := syscall.Mount("power", place, "tmpfs", 0, ""); err != nil {
		labtest.CannotRun(t, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(place, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}
