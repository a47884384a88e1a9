package release

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// HostState is the state of one host from which a rollback target is chosen.
type HostState struct {
	Stack []Activation
	// Dead is the change that a dead run left behind: switched to, perhaps
	// running, but never proved. It is nil if there is none.
	Dead *Change
}

// RollbackTarget chooses, for a whole fleet, the release that most hosts would go
// back to. Of that release's activations it returns the one that most of these
// hosts would choose; each host finds its own with [History.Return].
//
// If a run died in the middle of a deploy, the rollback undoes that deploy: hosts
// that it had not reached stay where they are. If a run died in the middle of a
// rollback or a revert, that one is finished and no further step is taken.
//
// It is an error if no host has anything to go back to, or if two releases have
// equally many hosts.
func RollbackTarget(hosts map[string]HostState) (Activation, error) {
	var unproved Activation
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		dead := hosts[name].Dead
		if dead != nil && dead.Verb != Deploy && !dead.Target().IsZero() {
			return dead.Target(), nil
		}
		if dead != nil && dead.Verb == Deploy {
			unproved = dead.Target()
		}
	}
	releases := map[ID]int{}
	activations := map[Activation]int{}
	for _, h := range hosts {
		if a := h.backFrom(unproved); !a.IsZero() {
			releases[a.ID]++
			activations[a]++
		}
	}
	id, err := majority(releases)
	if err != nil {
		return Activation{}, err
	}
	maps.DeleteFunc(activations, func(a Activation, _ int) bool { return a.ID != id })
	return mostMeant(activations), nil
}

// backFrom returns the activation that this host goes back to. That is the one
// below the top of its stack, or the top itself if the dead deploy of unproved
// would have replaced it.
func (h HostState) backFrom(unproved Activation) Activation {
	n := len(h.Stack)
	if !unproved.IsZero() && n > 0 && h.Stack[n-1] != unproved {
		return h.Stack[n-1]
	}
	if n > 1 {
		return h.Stack[n-2]
	}
	return Activation{}
}

func majority(votes map[ID]int) (ID, error) {
	if len(votes) == 0 {
		return "", errors.New("no host has an earlier release in its history: there is nothing to roll back to; deploy a good revision instead, or name a release ID")
	}
	ids := slices.SortedFunc(maps.Keys(votes), func(a, b ID) int { return votes[b] - votes[a] })
	if len(ids) > 1 && votes[ids[0]] == votes[ids[1]] {
		first, second := min(ids[0], ids[1]), max(ids[0], ids[1])
		return "", fmt.Errorf("as many hosts would go back to %s as to %s: name the release ID to roll back to", first, second)
	}
	return ids[0], nil
}

// mostMeant returns the activation with the most votes. Ties are broken by the
// key just to get the same result each time: each host goes back to its own
// environment of the release anyway.
func mostMeant(votes map[Activation]int) Activation {
	return slices.MaxFunc(slices.Collect(maps.Keys(votes)), func(a, b Activation) int {
		return cmp.Or(cmp.Compare(votes[a], votes[b]), cmp.Compare(a.Env, b.Env))
	})
}
