package rollout

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/script"
)

// lockGrace is for a run that was refused at another host and is about to let go
// of what it has.
const lockGrace = 5 * time.Second

// lockAll takes the locks that are not held yet, waiting for wait. A lock that
// another run has is an error of its host, and all others are given back.
//
// The hosts have an order, their names', and a run waits for a host's lock only
// while it holds none of those behind it: so two runs never wait for each other,
// and of two runs over the same hosts the one that gets the first host gets all.
// What is not waited for is taken at once.
func (r *run) lockAll(ctx context.Context, wait time.Duration) {
	hosts := slices.DeleteFunc(r.healthy(), func(h *host) bool { return h.lock != nil })
	slices.SortFunc(hosts, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	until := time.Now().Add(wait)
	for first := true; len(hosts) > 0; first = false {
		patience := time.Until(until)
		if !first {
			patience = max(patience, lockGrace)
		}
		r.takeLock(ctx, hosts[0], patience)
		if isHeld(hosts[0].lockErr) {
			break
		}
		hosts = hosts[1:]
		each(hosts, func(h *host) { r.takeLock(ctx, h, 0) })
		held := slices.IndexFunc(hosts, func(h *host) bool { return isHeld(h.lockErr) })
		if held < 0 {
			return
		}
		hosts = hosts[held:]
		each(hosts, (*host).unlock)
	}
	if r.isHeld() {
		each(r.hosts, (*host).unlock)
	}
}

func (r *run) takeLock(ctx context.Context, h *host, wait time.Duration) {
	told := func(holder string) { r.log.Say(h.name, "waiting up to %s for a %s", wait.Round(time.Second), holder) }
	h.lockErr = r.timed(h, PhaseLock, func() (err error) {
		h.lock, err = r.on(h).Lock(ctx, r.holder(), script.Wait{Most: max(0, wait), Told: told})
		return err
	})
}

func (h *host) unlock() {
	if h.lock != nil {
		h.lock.Release()
		h.lock = nil
	}
}

func isHeld(err error) bool { return errors.As(err, new(*script.Held)) }

// isHeld reports whether another run has a lock that this one needs.
func (r *run) isHeld() bool {
	return slices.ContainsFunc(r.hosts, func(h *host) bool { return isHeld(h.lockErr) })
}
