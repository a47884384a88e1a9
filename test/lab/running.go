package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// Running lists the labs of living processes on this machine. They can be used as if this process had started them,
// except that Stop refuses and EndOwner takes its place.
func Running() ([]*Lab, error) {
	found, err := numbers()
	if err != nil {
		return nil, err
	}
	var labs []*Lab
	for _, n := range found {
		l, err := openLab(n)
		if err != nil {
			return nil, err
		}
		if l != nil {
			labs = append(labs, l)
		}
	}
	return labs, nil
}

// openLab reads what a living process wrote down of its lab. It returns nil if there is no such process, or if it has
// not written anything yet.
func openLab(n number) (*Lab, error) {
	alive, err := isHeld(n)
	if err != nil || !alive {
		return nil, err
	}
	r, err := readRecord(n)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return newLab(n, r)
}

func isHeld(n number) (bool, error) {
	lock, err := tryLock(n.lockPath())
	if errors.Is(err, errHeld) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, lock.Close()
}

// Number tells this lab apart from others on this machine.
func (l *Lab) Number() int { return int(l.number) }

// OwnerPID is the process that started the lab and holds it.
func (l *Lab) OwnerPID() int { return l.record.PID }

// ByHand says whether a person started the lab from the command line.
func (l *Lab) ByHand() bool { return l.record.ByHand }

// Ready says whether all hosts had booted when this was read.
func (l *Lab) Ready() bool { return l.record.Ready }

// EndOwner asks the process that holds the lab to end it, and waits until that is done.
func (l *Lab) EndOwner(ctx context.Context) error {
	// The lock is held, so the process that wrote its ID down is alive, and the ID is its own.
	held, err := isHeld(l.number)
	if err != nil || !held {
		return err
	}
	if err := syscall.Kill(l.record.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("end lab %d: signal process %d: %w", l.number, l.record.PID, err)
	}
	for held {
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("end lab %d: wait for process %d: %w", l.number, l.record.PID, err)
		}
		if held, err = isHeld(l.number); err != nil {
			return err
		}
	}
	return nil
}
