package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// freeze stops all processes of a host where they are, or lets them go on.
func (h *Host) freeze(ctx context.Context, frozen bool) error {
	roots, err := cgroupRoots()
	if err != nil {
		return err
	}
	for _, root := range roots {
		group := filepath.Join(root, h.machineName())
		err := freezeGroup(ctx, group, frozen)
		if errors.Is(err, fs.ErrNotExist) {
			continue // on a hybrid machine one of the two trees can do it
		}
		return err
	}
	return fmt.Errorf("freeze %s: no cgroup of it can be frozen", h.Name)
}

// freezeGroup writes what is to be, and waits until it is so.
func freezeGroup(ctx context.Context, group string, frozen bool) error {
	state := map[bool]string{false: "0", true: "1"}[frozen]
	control, err := os.OpenFile(filepath.Join(group, "cgroup.freeze"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = control.WriteString(state)
	if err = errors.Join(err, control.Close()); err != nil {
		return err
	}
	for {
		events, err := os.ReadFile(filepath.Join(group, "cgroup.events"))
		if err != nil || strings.Contains(string(events), "frozen "+state) {
			return err
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("freeze %s: %w", group, err)
		}
	}
}
