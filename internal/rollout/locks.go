package rollout

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/host"
)

// lockGrace is for a run that was refused at another host and is about to give
// back what it has.
const lockGrace = 5 * time.Second

// lock takes the locks that are not held yet, waiting for wait. A lock that
// another run has is an error of its host, and all others are given back.
//
// The hosts have an order, their names', and a run waits for a host's lock only
// while it holds none of those behind it: so two runs never wait for each other,
// and of two runs over the same hosts the one that gets the first host gets all.
// Locks that need no wait are taken at once.
func (hosts fleet) lock(ctx context.Context, wait time.Duration) {
	rest := hosts.healthy().only(func(m *member) bool { return !m.locked })
	slices.SortFunc(rest, func(a, b *member) int { return cmp.Compare(a.Name(), b.Name()) })
	until := time.Now().Add(wait)
	for first := true; len(rest) > 0; first = false {
		patience := time.Until(until)
		if !first {
			patience = max(patience, lockGrace)
		}
		rest[0].lock(ctx, patience)
		if rest[0].held() {
			break
		}
		rest = rest[1:]
		each(rest, func(m *member) { m.lock(ctx, 0) })
		firstHeld := slices.IndexFunc(rest, (*member).held)
		if firstHeld < 0 {
			return
		}
		rest = rest[firstHeld:]
		each(rest, (*member).unlock)
	}
	if hosts.isHeld() {
		each(hosts, (*member).unlock)
	}
}

func (m *member) lock(ctx context.Context, wait time.Duration) {
	m.lockErr = m.Lock(ctx, wait)
	m.locked = m.lockErr == nil
}

func (m *member) unlock() {
	if m.locked {
		m.Unlock()
		m.locked = false
	}
}

// held reports whether another run has the host's lock.
func (m *member) held() bool { return host.IsHeld(m.lockErr) }

// isHeld reports whether another run has the lock of one of the hosts.
func (hosts fleet) isHeld() bool { return slices.ContainsFunc(hosts, (*member).held) }
