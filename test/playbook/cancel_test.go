package playbook

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/test/world"
)

// What a person does by Ctrl-C, over a jump host.
func TestACancelledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("jump")
	s.start("web1")
	s.cancelled(syscall.SIGINT, waiting(1), "--hosts", s.addr("web1"), "--jump-hosts", s.user+"@"+s.addr("jump"))
	if log := s.servers["jump"].log.String(); !strings.Contains(log, "Accepted publickey") {
		t.Errorf("nobody came through the jump host: %s", log)
	}
}

// What a runner does to a cancelled step, on the machine itself.
func TestACancelledRunOnTheMachineItselfLeavesNothing(t *testing.T) {
	t.Parallel()
	newSite(t).cancelled(syscall.SIGTERM, waiting(2), "--hosts", "local", "--build-host", "local")
}

// waiting is how many seconds a server waits. What runs there goes on after a
// cancel: no other test, nor another run of it, may wait for the same time.
func waiting(n int) string { return fmt.Sprintf("4%d.%d", n, os.Getpid()) }

// cancelled cancels a run that waits on the server for so many seconds.
func (s *site) cancelled(signal syscall.Signal, wait string, hosts ...string) {
	s.Helper()
	cmd, out := s.program("slipway_wait: \""+wait+"\"\n", hosts...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.Must(cmd.Start())
	s.Until("the server to wait", func() bool { return s.runs("sleep " + wait) })
	from := world.Now()
	s.Must(syscall.Kill(-cmd.Process.Pid, signal))
	cmd.Wait()
	s.Within(from, world.Now(), 7*time.Second) // the runner does not wait longer
	if got := cmd.ProcessState.ExitCode(); got != 1 {
		s.Errorf("exit code %d", got)
	}
	s.Says(out.String(), "Setup was cancelled", "run the setup again")
	s.nothingIsLeft(cmd)
}

// runs says whether a program with these arguments runs on this machine.
func (s *site) runs(what string) bool {
	lists, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	return slices.ContainsFunc(lists, func(path string) bool {
		text, _ := os.ReadFile(path)
		return strings.Contains(strings.ReplaceAll(string(text), "\x00", " "), what)
	})
}
