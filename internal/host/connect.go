package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/script"
)

// Connect opens the connection.
func (h *Host) Connect(ctx context.Context) error {
	return h.timed(PhaseConnect, func() error {
		conn, err := h.Dial(ctx)
		if err == nil {
			h.use(conn)
		}
		return err
	})
}

func (h *Host) use(conn Conn) { h.conn, h.shell = conn, script.NewShell(conn) }

// Close releases the lock and closes the connection.
func (h *Host) Close() error {
	h.Unlock()
	if h.conn == nil {
		return nil
	}
	h.shell.Close()
	return h.conn.Close()
}

// reachPatience covers the time for which a host keeps the lock of a lost
// connection: 30 s if the host did not notice the end of the connection.
const reachPatience = 35 * time.Second

// ErrTakenOver means that this run lost a host's lock, and that another run has
// changed the host since. This run may no longer change it.
var ErrTakenOver = errors.New("this run lost the lock, and another run has changed the host since: nothing more was changed here; see 'slipway history'")

// IsTakenOver reports whether an error is an [ErrTakenOver].
func IsTakenOver(err error) bool { return errors.Is(err, ErrTakenOver) }

// holding carries out a change under the lock. If this run has lost the lock or
// the connection, it takes them again first.
func (h *Host) holding(ctx context.Context, change func() error) error {
	if err := h.reach(ctx); err != nil {
		return err
	}
	err := change()
	if !isFenced(err) {
		return err
	}
	if err := h.reach(ctx); err != nil { // the host knew of the loss first
		return err
	}
	return change()
}

// reach makes sure that this run can change a switched host, over a new
// connection if the old one is lost, and with a new lock. If another run has
// been there meanwhile, this run may no longer change the host.
func (h *Host) reach(ctx context.Context) error {
	if h.conn.Lost() {
		if err := h.connectAgain(ctx); err != nil {
			return err
		}
	} else if !h.lostLock() {
		return nil
	}
	if err := h.lockAgain(ctx); err != nil {
		return err
	}
	return h.stillOurs(ctx)
}

func (h *Host) connectAgain(ctx context.Context) error {
	h.say("the connection was lost: connecting again")
	again, err := h.Dial(ctx)
	if err != nil {
		return fmt.Errorf("connecting again: %w", err)
	}
	h.shell.Close()
	h.conn.Close() // close the rest of the old one
	h.use(again)
	return nil
}

func (h *Host) lockAgain(ctx context.Context) error {
	h.say("the lock was lost: taking it again")
	lock, err := h.script().Lock(ctx, h.holder(), script.Wait{Most: reachPatience, Again: true, Ending: h.sayEnding})
	if IsHeld(err) {
		h.askWhatRuns(ctx)
		return fmt.Errorf("%w (%w)", ErrTakenOver, err)
	}
	if err != nil {
		return fmt.Errorf("taking the lock again: %w", err)
	}
	h.Unlock() // close the rest of the old one
	h.lock, h.fenced = lock, false
	return nil
}

// stillOurs returns an error unless the host is as this run left it.
func (h *Host) stillOurs(ctx context.Context) error {
	now, err := h.script().Inspect(ctx, script.Look{Units: h.plan().Units, Restart: h.restart()})
	switch {
	case err != nil:
		return err
	case now.Change != nil && now.Change.Key == h.run.Key:
		return nil
	case now.Change == nil && now.Current == h.change.Source() && now.History.LastKey() == h.seen.History.LastKey():
		return nil // the connection was lost before the change began
	}
	h.result.After = now.Current.ID
	return ErrTakenOver
}

func (h *Host) restart() script.Restart { return script.Restart(h.plan().Restart) }
