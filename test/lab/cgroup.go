package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const cgroupMount = "/sys/fs/cgroup"

// cgroupRoots are the trees in which systemd manages processes: one on a machine with pure cgroup2, two on a hybrid one.
func cgroupRoots() ([]string, error) {
	if _, err := os.Stat(filepath.Join(cgroupMount, "cgroup.procs")); err == nil {
		return []string{cgroupMount}, nil
	}
	roots := []string{filepath.Join(cgroupMount, "systemd"), filepath.Join(cgroupMount, "unified")}
	for _, root := range roots {
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil {
			return nil, fmt.Errorf("find the cgroup tree: neither is %s cgroup2, nor is there %s: "+
				"boot with systemd.unified_cgroup_hierarchy=1", cgroupMount, root)
		}
	}
	return roots, nil
}

// makeCgroups gives a host a cgroup of its own in every tree. In a shared one, units of the same name on two hosts
// would be one cgroup, and stopping the one would kill the other.
func makeCgroups(machineName string) ([]string, error) {
	roots, err := cgroupRoots()
	if err != nil {
		return nil, err
	}
	var groups []string
	for _, root := range roots {
		group := filepath.Join(root, machineName)
		if err := os.MkdirAll(group, 0o755); err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// removeCgroups kills every process in a lab's cgroups and removes them.
func removeCgroups(ctx context.Context, n number) error {
	roots, err := cgroupRoots()
	if err != nil {
		return err
	}
	var errs []error
	for _, root := range roots {
		groups, err := filepath.Glob(filepath.Join(root, n.name()+"-*"))
		errs = append(errs, err)
		for _, group := range groups {
			errs = append(errs, removeCgroup(ctx, group))
		}
	}
	return errors.Join(errs...)
}

// removeCgroup tries until the group is gone: a killed process stays in its cgroup until it is really dead, and
// meanwhile the tree changes while it is being read.
func removeCgroup(ctx context.Context, group string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		err := killAndRemove(group)
		if _, gone := os.Stat(group); errors.Is(gone, fs.ErrNotExist) {
			return nil
		}
		if stop := sleep(ctx, 10*time.Millisecond); stop != nil {
			return fmt.Errorf("remove the cgroup %s: %w", group, errors.Join(stop, err))
		}
	}
}

func killAndRemove(group string) error {
	groups, err := cgroupTree(group)
	if err != nil {
		return err
	}
	return errors.Join(killAll(groups), removeDirs(groups))
}

// cgroupTree lists a cgroup and all below it, the innermost first.
func cgroupTree(group string) ([]string, error) {
	var groups []string
	err := filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			groups = append(groups, path)
		}
		return err
	})
	slices.Reverse(groups)
	return groups, err
}

func killAll(groups []string) error {
	var errs []error
	for _, group := range groups {
		pids, err := cgroupPIDs(group)
		errs = append(errs, err)
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

func cgroupPIDs(group string) ([]int, error) {
	text, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", group, err)
		}
		// A process of another PID namespace shows as 0, and kill(0) would end this process's own group.
		if pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func removeDirs(dirs []string) error {
	for _, dir := range dirs {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Processes are the IDs of all processes of the host, as this machine numbers them.
func (h *Host) Processes() ([]int, error) {
	roots, err := cgroupRoots()
	if err != nil {
		return nil, err
	}
	var pids []int
	err = filepath.WalkDir(filepath.Join(roots[0], h.machineName()), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return ignoreGone(err)
		}
		some, err := cgroupPIDs(path)
		pids = append(pids, some...)
		return ignoreGone(err)
	})
	return pids, err
}

// ignoreGone leaves out the cgroups that end while they are being read.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	return err
}
