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
	return h.timed(PhaseConnect, func() (err error) {
		h.conn, err = h.Dial(ctx)
		return err
	})
}

// Close releases the lock and closes the connection.
func (h *Host) Close() error {
	h.Unlock()
	if h.conn == nil {
		return nil
	}
	return h.conn.Close()
}

// reachPatience covers the time for which a host keeps the lock of a lost
// connection: 30 s if the host did not notice the end of the connection.
const reachPatience = 35 * time.Second

// errTakenOver means that this run may no longer change the host.
var errTakenOver = errors.New("the connection was lost, and another run has changed the host since: see 'slipway history'")

// reach makes sure that this run can put a switched host back, over a new
// connection if the old one is lost. If another run has repaired the host
// meanwhile, this run may no longer change it.
func (h *Host) reach(ctx context.Context) error {
	if !h.conn.Lost() {
		return nil
	}
	h.say("the connection was lost: connecting again")
	again, err := h.Dial(ctx)
	if err != nil {
		return fmt.Errorf("connecting again: %w", err)
	}
	h.conn.Close() // close the rest of the old one
	h.conn = again
	h.lock, err = h.script().Lock(ctx, h.run.holder(), script.Wait{Most: reachPatience, Told: func(string) {
		h.say("waiting up to %s until the host notices that the old connection is gone", reachPatience)
	}})
	if err != nil {
		return fmt.Errorf("after connecting again: %w", err)
	}
	return h.stillOurs(ctx)
}

// stillOurs returns an error unless the host is as this run left it.
func (h *Host) stillOurs(ctx context.Context) error {
	now, err := h.script().Inspect(ctx, script.Look{Units: h.plan().Units, Restart: h.restart()})
	switch {
	case err != nil:
		return err
	case now.Change != nil && now.Change.Key == h.run.Key:
		return nil
	case now.Change == nil && now.Current == h.change.Source() && len(now.History) == len(h.seen.History):
		return nil // the connection was lost before the change began
	}
	h.result.After = now.Current.ID
	return errTakenOver
}

func (h *Host) restart() script.Restart { return script.Restart(h.plan().Restart) }
