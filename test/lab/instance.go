package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

const (
	stateDir = "/var/lib/slipway-lab"
	lockDir  = "/run/slipway-lab"

	maxNumber = 200
)

// A number tells labs apart. All names of what a lab makes follow from it: that is how it is found again and removed.
type number int

func (n number) name() string     { return fmt.Sprintf("slab%d", n) }
func (n number) dir() string      { return filepath.Join(stateDir, strconv.Itoa(int(n))) }
func (n number) lockPath() string { return filepath.Join(lockDir, strconv.Itoa(int(n))+".lock") }

// claimNumber takes a number that no living process holds. The lock's file stays when the lab ends: were it
// deleted, two processes could each hold a lock of that name.
func claimNumber() (number, *os.File, error) {
	for n := number(1); n <= maxNumber; n++ {
		lock, err := tryLock(n.lockPath())
		if errors.Is(err, errHeld) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		return n, lock, nil
	}
	return 0, nil, fmt.Errorf("%d labs are running on this machine: end one", maxNumber)
}

// A record is what is written down of a lab, for other processes.
type record struct {
	PID    int      `json:"pid"`
	ByHand bool     `json:"by_hand"`
	Hosts  []string `json:"hosts"`
	// Suites are by host name, where a host has not the machine's.
	Suites map[string]string `json:"suites,omitempty"`
	// Packages are what the web hosts have beside those of a web server.
	Packages []string `json:"packages,omitempty"`
	// Ready is set when all hosts have booted.
	Ready bool `json:"ready"`
}

func (n number) recordPath() string { return filepath.Join(n.dir(), "lab.json") }

// writeRecord replaces the record in one step, because others read it at any time.
func writeRecord(n number, r record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	part := n.recordPath() + ".part"
	return errors.Join(os.WriteFile(part, append(text, '\n'), 0o644), os.Rename(part, n.recordPath()))
}

func readRecord(n number) (record, error) {
	var r record
	text, err := os.ReadFile(n.recordPath())
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read %s: %w", n.recordPath(), err)
	}
	return r, nil
}

// numbers lists the labs that have left a trace: those that run, and those whose process was killed.
func numbers() ([]number, error) {
	entries, err := os.ReadDir(stateDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var found []number
	for _, entry := range entries {
		if n, err := strconv.Atoi(entry.Name()); err == nil {
			found = append(found, number(n))
		}
	}
	slices.Sort(found)
	return found, err
}

// Sweep removes all labs whose process is gone, whoever started them. Start does this first.
func Sweep(ctx context.Context) error {
	found, err := numbers()
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range found {
		errs = append(errs, sweepOne(ctx, n))
	}
	return errors.Join(errs...)
}

func sweepOne(ctx context.Context, n number) error {
	lock, err := tryLock(n.lockPath())
	if errors.Is(err, errHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(remove(ctx, n), lock.Close())
}

// remove ends and removes everything of a lab, in whatever state it is. The caller holds the lab's lock.
// The directory goes last, since it is what numbers finds.
func remove(ctx context.Context, n number) error {
	err := errors.Join(
		removeCgroups(ctx, n),
		unmountAll(n),
		removeNspawnDirs(n),
		removeNetwork(ctx, n))
	if err == nil {
		err = os.RemoveAll(n.dir())
	}
	if err != nil {
		return fmt.Errorf("clean up lab %d: %w", n, err)
	}
	return nil
}
