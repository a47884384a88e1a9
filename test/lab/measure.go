package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Traffic is what a host's interface has sent and received since the host booted, in bytes, with all headers.
type Traffic struct{ In, Out int64 }

// Traffic reads the counters of the host's interface, without sending the host anything.
func (h *Host) Traffic(ctx context.Context) (t Traffic, err error) {
	text, err := run(ctx, "ip", "-netns", h.machineName(), "-json", "-statistics", "link", "show", "host0")
	if err != nil {
		return t, err
	}
	var links []struct {
		Stats struct {
			RX, TX struct{ Bytes int64 }
		} `json:"stats64"`
	}
	if err := json.Unmarshal([]byte(text), &links); err != nil {
		return t, fmt.Errorf("read the traffic of %s: %w", h.Name, err)
	}
	if len(links) != 1 {
		return t, fmt.Errorf("read the traffic of %s: %d interfaces", h.Name, len(links))
	}
	return Traffic{In: links[0].Stats.RX.Bytes, Out: links[0].Stats.TX.Bytes}, nil
}

// ProcessorTime is what all processes of the host have had of this machine's processors since the host booted.
func (h *Host) ProcessorTime() (time.Duration, error) { return processorTime(h.machineName()) }

// ProcessorTimeWithout is what the host's units, its sessions and its systemd have had of the processors, but for one
// unit: an application that boots takes more than whoever restarts it.
func (h *Host) ProcessorTimeWithout(unit string) (total time.Duration, err error) {
	groups := []string{"payload/init.scope", "payload/user.slice"}
	roots, err := cgroupRoots()
	if err != nil {
		return 0, err
	}
	own := filepath.Join(roots[len(roots)-1], h.machineName())
	entries, err := os.ReadDir(filepath.Join(own, "payload/system.slice"))
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != unit {
			groups = append(groups, "payload/system.slice/"+entry.Name())
		}
	}
	for _, group := range groups {
		used, err := processorTime(filepath.Join(h.machineName(), group))
		if ignoreGone(err) != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

// processorTime reads what a cgroup2 has used. It counts without any controller, also on a hybrid machine.
func processorTime(group string) (time.Duration, error) {
	roots, err := cgroupRoots()
	if err != nil {
		return 0, err
	}
	path := filepath.Join(roots[len(roots)-1], group, "cpu.stat")
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "usage_usec ")
	number, _, _ := strings.Cut(rest, "\n")
	micros, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// ListenerPID is the ID of the host's listening sshd, as this machine numbers its processes.
func (h *Host) ListenerPID() (int, error) {
	pids, err := h.Processes()
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if ignoreGone(err) != nil {
			return 0, err
		}
		if strings.HasPrefix(string(line), "sshd: ") && strings.Contains(string(line), "[listener]") {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("%s has no sshd that listens", h.Name)
}

// A Group holds processes of this machine that are measured together, and ended with the lab at the latest.
type Group struct {
	name string
	dir  string // in cgroup2
}

// NewGroup makes an empty group.
func (l *Lab) NewGroup(name string) (*Group, error) {
	groups, err := makeCgroups(l.number.name() + "-" + name)
	if err != nil {
		return nil, fmt.Errorf("make a group of processes: %w", err)
	}
	return &Group{l.number.name() + "-" + name, groups[len(groups)-1]}, nil
}

// Open opens the group's directory, for [syscall.SysProcAttr].
func (g *Group) Open() (*os.File, error) { return os.Open(g.dir) }

// ProcessorTime is what all processes of the group have used, those that have ended too.
func (g *Group) ProcessorTime() (time.Duration, error) { return processorTime(g.name) }

// PIDs are the processes in the group.
func (g *Group) PIDs() ([]int, error) { return cgroupPIDs(g.dir) }

// Kill ends what is left in the group and waits until it is gone.
func (g *Group) Kill(ctx context.Context) error {
	for {
		pids, err := g.PIDs()
		if err != nil || len(pids) == 0 {
			return err
		}
		if err := killAll([]string{g.dir}); err != nil {
			return err
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}
