package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// member is a host of the fleet, with the fleet's plans for it.
type member struct {
	Host
	locked  bool  // this run has its lock
	lockErr error // why the lock is not held
	noted   bool  // the host's problem has lockErr
	to      release.Activation
}

// fail notes why a host did not reach its target.
func (m *member) fail(o host.Outcome, err error) { m.Result().Fail(o, err) }

func (m *member) failed() bool { return m.Result().Failed() }

// fleet is a list of hosts of a run, in the order of the settings.
type fleet []*member

// only returns the hosts for which f is true.
func (hosts fleet) only(f func(*member) bool) fleet {
	var some fleet
	for _, m := range hosts {
		if f(m) {
			some = append(some, m)
		}
	}
	return some
}

// healthy returns the hosts without a known problem.
func (hosts fleet) healthy() fleet {
	return hosts.only(func(m *member) bool { return !m.failed() })
}

func (hosts fleet) failures() int { return len(hosts) - len(hosts.healthy()) }

// problems returns all problems with the names of their hosts.
func (hosts fleet) problems() error {
	var errs []error
	for _, m := range hosts {
		if m.failed() {
			errs = append(errs, fmt.Errorf("%s: %s", m.Name(), m.Result().Problem))
		}
	}
	return errors.Join(errs...)
}

// names returns the names of some hosts, and counts the others.
func (hosts fleet) names() string {
	all := make([]string, len(hosts))
	for i, m := range hosts {
		all[i] = m.Name()
	}
	return words.Names(all)
}

func (hosts fleet) connect(ctx context.Context) {
	each(hosts, func(m *member) {
		if err := m.Connect(ctx); err != nil {
			m.fail(host.Untouched, host.As(ctx, host.Unreachable, err))
		}
	})
}

// repair cleans up after runs that died. It reports whether one of those was a
// deploy.
func (hosts fleet) repair(ctx context.Context) (deploy bool) {
	deploy = slices.ContainsFunc(hosts, func(m *member) bool {
		change := m.Seen().Change
		return change != nil && change.Verb == release.Deploy
	})
	each(hosts, func(m *member) {
		if err := m.Repair(ctx); err != nil {
			m.fail(host.Failed, host.As(ctx, host.Unrepaired, err))
		}
	})
	return deploy
}

// drop removes the environments of an activation that was not completed.
func (hosts fleet) drop(ctx context.Context) {
	undo, cancel := host.Undo(ctx)
	defer cancel()
	each(hosts, func(m *member) { m.Drop(undo, m.to) })
}
