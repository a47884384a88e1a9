package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// meet connects to the hosts, locks them and looks at them. It notes problems
// of a host in its result, and changes nothing.
//
// It also looks at hosts that another run has locked. So all problems are
// reported at once, and nobody waits for a lock only to get another error.
func (r *run) meet(ctx context.Context, q host.Question) {
	defer r.log.Phase("Look at %s", words.Count(len(r.hosts), "host"))()
	r.hosts.connect(ctx)
	if !r.plan.DryRun {
		for _, m := range r.hosts.healthy() {
			m.Expect(ctx, q)
		}
		r.hosts.lock(ctx, 0)
	}
	r.lookAtAll(ctx, q)
	if r.mayWait() {
		r.hosts.lock(ctx, r.plan.WaitForLock)
		r.lookAtAll(ctx, q)
		r.hosts.noteLocks(ctx)
	}
	if r.outcome.Verb == release.Deploy || r.outcome.Verb == release.Stage {
		r.hosts.sameOwner(ctx, r.plan.Layout.Base)
	}
	r.reportMet()
}

// part undoes meet: it releases locks and connections.
func (r *run) part() {
	each(r.hosts, func(m *member) {
		if err := m.Close(); err != nil {
			r.log.Say(m.Name(), "closing the connection: %v", err)
		}
	})
}

// mayWait reports whether waiting for a lock makes sense: nothing else must
// already end the run.
func (r *run) mayWait() bool { return r.plan.WaitForLock > 0 && r.hosts.isHeld() && r.mayGoOn() }

func (r *run) lookAtAll(ctx context.Context, q host.Question) {
	each(r.hosts.healthy(), func(m *member) {
		if err := m.Look(ctx, q); err != nil {
			m.fail(host.Untouched, host.As(ctx, host.Unfit, err))
		}
	})
	if !r.mayWait() {
		r.hosts.noteLocks(ctx)
	}
}

// noteLocks reports locks that this run did not get. It leaves out hosts where
// the look has already found the reason, unless another run has the lock.
func (hosts fleet) noteLocks(ctx context.Context) {
	for _, m := range hosts {
		err, found := m.lockErr, m.Result().Err()
		switch kind := m.Result().Kind; {
		case err == nil || m.noted:
			continue
		case found == nil:
			m.fail(host.Untouched, host.As(ctx, host.Unfit, err))
		case m.held():
			m.fail(host.Untouched, errors.Join(err, found))
			m.Result().Kind = kind // the host would not be ready without the other run, either
		}
		m.noted = true
	}
}

// sameOwner refuses a deploy to hosts that were set up in different ways: the
// owner of the application's directory decides who may change it. It assumes
// that most hosts are right.
func (hosts fleet) sameOwner(ctx context.Context, base string) {
	owned, usual := hosts.byOwner(base)
	for owner, these := range owned {
		for _, m := range these {
			if owner != usual {
				err := fmt.Errorf("%s belongs to %s here, and to %s on %s: the hosts of one fleet have one owner; run the setup phase, or deploy to this one by itself",
					base, owner, usual, owned[usual].names())
				m.fail(host.Untouched, host.As(ctx, host.Unfit, errors.Join(m.Result().Err(), err)))
			}
		}
	}
}

// byOwner groups the hosts by the owner of the application's directory. It also
// returns the owner on most hosts.
func (hosts fleet) byOwner(base string) (owned map[string]fleet, usual string) {
	owned = map[string]fleet{}
	for _, m := range hosts {
		owner := m.Seen().Owner(base)
		if owner == "" {
			continue
		}
		owned[owner] = append(owned[owner], m)
		if len(owned[owner]) > len(owned[usual]) {
			usual = owner
		}
	}
	return owned, usual
}

func (r *run) reportMet() {
	said := notices{}
	defer said.report(r.log)
	for _, m := range r.hosts {
		seen := m.Seen()
		if m.failed() {
			r.log.Say(m.Name(), "%s", m.Result().Problem)
			if text := seen.Deviation(r.plan.App); text != "" {
				said.add(m, text) // this may be the reason
			}
			continue
		}
		r.log.Say(m.Name(), "runs %s; current is %s", words.OrNothing(seen.Running()), seen.Current)
		for _, w := range seen.Warnings(r.plan.App) {
			said.add(m, w)
		}
	}
}
