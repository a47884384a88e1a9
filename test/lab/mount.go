package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// upper is the layer with what the host has written.
func (h *Host) upper() string { return filepath.Join(h.dir(), "upper") }

// mountRoot lays a host's own writable layer over its base image, and what was saved of it between them. The
// directories are below the lab's own.
func mountRoot(base string, h *Host) error {
	work, lower := filepath.Join(h.dir(), "work"), base
	for _, dir := range []string{h.upper(), work, h.Root()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if saved := h.lab.saved; saved != nil {
		lower = saved.layer(h) + ":" + base
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, h.upper(), work)
	if err := mountOverlay(h.Root(), options); err != nil {
		return fmt.Errorf("mount the root of %s (overlayfs, needs a file system such as ext4 or xfs below %s): %w", h.Name, stateDir, err)
	}
	return nil
}

// unmountAll unmounts what belongs to a lab: below its directory, and what systemd-nspawn, when it was killed,
// left mounted under its hosts' names. Network namespaces are mounts too, but those ip removes.
func unmountAll(n number) error {
	return unmountWhere(func(point string) bool { return isMountOf(n, point) })
}

func isMountOf(n number, point string) bool {
	isRoot := strings.HasPrefix(point, n.dir()+"/")
	isNspawn := strings.HasPrefix(point, "/run/systemd/nspawn/") && strings.Contains(point, "/"+n.name()+"-")
	return isRoot || isNspawn
}

// removeNspawnDirs removes the directories that systemd-nspawn keeps for its machines, and leaves when it is killed.
// They are empty once what was mounted on them is gone.
func removeNspawnDirs(n number) error {
	dirs, err := filepath.Glob("/run/systemd/nspawn/*/" + n.name() + "-*")
	return errors.Join(err, removeDirs(dirs))
}

// removeTree removes a directory that something may still be mounted in. Unmounted first: what is mounted there,
// /dev perhaps, is this machine's.
func removeTree(dir string) error {
	err := unmountWhere(func(point string) bool { return strings.HasPrefix(point, dir+"/") })
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// unmountWhere unmounts all mount points that are chosen, the latest first.
func unmountWhere(chosen func(point string) bool) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var errs []error
	for _, point := range slices.Backward(mountPoints(string(text))) {
		if !chosen(point) {
			continue
		}
		if err := unmount(point); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", point, err))
		}
	}
	return errors.Join(errs...)
}

// mountPoints reads mountinfo. Its escapes need no decoding: neither the lab nor mmdebstrap mounts on a path with a space.
func mountPoints(mountinfo string) []string {
	var points []string
	for line := range strings.Lines(mountinfo) {
		points = append(points, strings.Fields(line)[4])
	}
	return points
}
