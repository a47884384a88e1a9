package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/script"
)

// reachPatience is how long a host whose connection was lost may keep the lock of
// that connection: 30 s if it was not told that it ended.
const reachPatience = 35 * time.Second

// errTakenOver is a host that is not this run's to change any more.
var errTakenOver = errors.New("the connection was lost, and another run has changed the host since: see 'slipway history'")

// reach makes sure that a host which this run has switched can be put back: over
// a new connection, if the one that it had is lost. In between another run may
// have repaired the host; then it is no longer this one's to change.
func (r *run) reach(ctx context.Context, h *host) error {
	if !h.Lost() {
		return nil
	}
	r.log.Say(h.name, "the connection was lost: connecting again")
	again, err := h.dial(ctx)
	if err != nil {
		return fmt.Errorf("connecting again: %w", err)
	}
	h.Close() // what is left of the old one
	h.Host = again
	told := func(string) {
		r.log.Say(h.name, "waiting up to %s until the host notices that the old connection is gone", reachPatience)
	}
	h.lock, err = r.on(h).Lock(ctx, r.holder(), script.Wait{Most: reachPatience, Told: told})
	if err != nil {
		return fmt.Errorf("after connecting again: %w", err)
	}
	return r.stillOurs(ctx, h)
}

// stillOurs finds out whether the host is as this run left it.
func (r *run) stillOurs(ctx context.Context, h *host) error {
	now, err := r.on(h).Inspect(ctx, script.Look{Units: r.plan.Units, Restart: r.plan.Restart})
	switch {
	case err != nil:
		return err
	case now.Change != nil && now.Change.Key == r.key:
		return nil
	case now.Change == nil && now.Current == h.change.Source() && len(now.History) == len(h.seen.History):
		return nil // it was lost before the change began
	}
	h.result.After = now.Current.ID
	return errTakenOver
}
