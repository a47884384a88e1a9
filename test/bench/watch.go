package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apxr/slipway/test/lab"
)

// watched runs something while strace is attached to the sshd of the first host.
func (s *site) watched(ctx context.Context, do func() error) (p programs, err error) {
	pid, err := s.hosts[0].ListenerPID()
	if err != nil {
		return p, err
	}
	file := filepath.Join(s.dir, "strace")
	cmd := exec.CommandContext(ctx, "strace", "-f", "-qq", "--decode-pids=pidns", "-e", "trace=execve,clone,clone3,vfork,fork",
		"-e", "signal=none", "-s", "200", "-o", file, "-p", strconv.Itoa(pid))
	if err := cmd.Start(); err != nil {
		return p, err
	}
	err = attached(ctx, pid)
	if err == nil {
		err = do()
	}
	signalErr := cmd.Process.Signal(os.Interrupt)
	cmd.Wait() // it says that it was interrupted
	if err = errors.Join(err, signalErr); err != nil {
		return p, err
	}
	text, err := os.Open(file)
	if err != nil {
		return p, err
	}
	defer text.Close()
	return countPrograms(text)
}

// attached waits until a process is traced.
func attached(ctx context.Context, pid int) error {
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return err
		}
		if number(string(status), "TracerPid") > 0 {
			return nil
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("attach strace: %w", err)
		}
	}
}

// watchMemory looks at all processes of a group again and again and keeps the
// most memory that they had at once. Pages that several have count once.
func (s *site) watchMemory(most *int64) func(context.Context, *lab.Group) {
	return func(ctx context.Context, g *lab.Group) {
		for sleep(ctx, 20*time.Millisecond) == nil {
			pids, err := g.PIDs()
			if err != nil {
				return // the lab has ended
			}
			var now int64
			for _, pid := range pids {
				// A process that has ended meanwhile has no memory.
				text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
				now += int64(number(strings.TrimSpace(string(text)), "Pss")) << 10
			}
			*most = max(*most, now)
		}
	}
}
