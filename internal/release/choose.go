package release

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// HostState is what the choice of a rollback target needs to know of a host.
type HostState struct {
	Stack []Activation
	// Dead is the change that a dead run left behind: switched to, perhaps
	// running, never proved. Nil where there is none.
	Dead *Change
}

// RollbackTarget chooses, for a whole fleet, the release that the most hosts
// would go back to, and of its activations the one that the most of these hosts
// mean; each host finds its own with [History.Return]. After a run died in the
// middle of a deploy, undoing that deploy is the rollback, also for the hosts
// that it had not reached yet. After a rollback died, the rollback is to be
// finished, and not one more to be begun; so is a revert. It is an error if no host has anything
// to go back to, and if as many hosts would go to one release as to another.
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

// backFrom is where this host goes back to: the top of its stack if the top is
// what the dead run should have replaced, else the one below it.
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

// mostMeant breaks a tie by the key, only to be the same each time: hosts may
// differ in the environments of one release, and each goes to its own.
func mostMeant(votes map[Activation]int) Activation {
	return slices.MaxFunc(slices.Collect(maps.Keys(votes)), func(a, b Activation) int {
		return cmp.Or(cmp.Compare(votes[a], votes[b]), cmp.Compare(a.Env, b.Env))
	})
}
