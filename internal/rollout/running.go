package rollout

import (
	"cmp"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// previous returns what most hosts ran before. In a tie it returns the newest
// release.
func (r *run) previous() Version {
	id, _ := r.hosts.most(func(h *host.Result) release.ID { return h.Before })
	return r.version(id)
}

// running returns what most hosts run now, as far as the run knows, since when,
// and what ran before.
func (r *run) running() Running {
	id, hosts := r.hosts.most(func(h *host.Result) release.ID { return h.After })
	now := Running{Version: r.version(id), Hosts: hosts}
	if id == "" {
		return now
	}
	// Use the present time, not the start of the run: the run may have waited
	// for another one.
	now.Since, now.Who, now.Run, now.Before = time.Now(), r.plan.Who, r.plan.RunURL, r.previous()
	switch id {
	case now.Before.ID: // this run has changed nothing
		made := r.hosts.known(id)
		now.Since, now.Who, now.Run, now.Before = made.At, made.Who, made.Run, r.version(made.From)
	case r.outcome.Target:
	default: // another run has taken the hosts over
		now.Who, now.Run = "", ""
	}
	return now
}

// most returns the release that most hosts have, and their number.
func (hosts fleet) most(of func(*host.Result) release.ID) (most release.ID, n int) {
	votes := map[release.ID]int{}
	for _, m := range hosts {
		if m.Seen().At.IsZero() {
			continue // the host was not reached, so nothing is known about it
		}
		id := of(m.Result())
		votes[id]++
		if newer := cmp.Compare(votes[id], votes[most]); newer > 0 || newer == 0 && id > most {
			most = id
		}
	}
	return most, votes[most]
}

// version returns what is known about a release. The run itself knows its
// target; the hosts' histories know the others.
func (r *run) version(id release.ID) Version {
	if id != "" && id == r.outcome.Target {
		return Version{id, r.outcome.Version, r.outcome.Revision, r.outcome.Ref}
	}
	return r.hosts.described(id)
}

// described returns what the hosts' histories say about a release.
func (hosts fleet) described(id release.ID) Version {
	v := describe(hosts.known(id))
	v.ID = id // also of a release that no host knows
	return v
}

// known returns the change that made a release live, as most hosts describe that
// release. In a tie it returns the first description.
func (hosts fleet) known(id release.ID) (most release.Change) {
	votes := map[Version]int{}
	for _, m := range hosts {
		if c, ok := m.Seen().History.Find(id); ok {
			votes[describe(c)]++
		}
	}
	best := 0
	for _, m := range hosts { // in their order: a tie has the same result each time
		if c, ok := m.Seen().History.Find(id); ok && votes[describe(c)] > best {
			most, best = c, votes[describe(c)]
		}
	}
	return most
}

// describe returns what a change says about its release.
func describe(c release.Change) Version { return Version{c.To, c.Version, c.Revision, c.Ref} }
