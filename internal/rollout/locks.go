package rollout

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/host"
)

// lockGrace covers the time in which a run that was refused at another host
// releases its locks.
const lockGrace = 5 * time.Second

// lock takes the locks that are not held yet, and waits at most for wait. If
// another run holds a lock, that is an error of its host, and lock releases all
// others.
//
// The hosts are ordered by name. A run waits for a lock only while it holds
// none of the locks after it, so two runs never wait for each other. Of two
// runs over the same hosts, the one that gets the first host gets all. Free
// locks are taken at once, without a wait.
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
