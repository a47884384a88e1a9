package release

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// HostState is what the choice of a rollback target needs to know of a host.
type HostState struct {
	Stack []ID
	// Dead is the change that a dead run left behind: switched to, perhaps
	// running, never proved. Nil where there is none.
	Dead *Change
}

// RollbackTarget chooses, for a whole fleet, the release that the most hosts
// would go back to. After a run died in the middle of a deploy, undoing that
// deploy is the rollback, also for the hosts that it had not reached yet. After
// a rollback died, the rollback is to be finished, and not one more to be begun.
func RollbackTarget(hosts map[string]HostState) (ID, error) {
	var unproved ID
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		dead := hosts[name].Dead
		if dead != nil && dead.Verb == Rollback {
			return dead.To, nil
		}
		if dead != nil {
			unproved = dead.To
		}
	}
	votes := map[ID]int{}
	for _, h := range hosts {
		if id := h.backFrom(unproved); id != "" {
			votes[id]++
		}
	}
	return majority(votes)
}

// backFrom is where this host goes back to: the top of its stack if the top is
// what the dead run should have replaced, else the release below it.
func (h HostState) backFrom(unproved ID) ID {
	n := len(h.Stack)
	if unproved != "" && n > 0 && h.Stack[n-1] != unproved {
		return h.Stack[n-1]
	}
	if n > 1 {
		return h.Stack[n-2]
	}
	return ""
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

// Prune chooses which of the releases that lie on a host to remove: all but the
// keep most recently live ones and the protected ones (running, current, a
// rollback's target). What a rollback would choose next is always kept.
func Prune(present []ID, h History, keep int, protected ...ID) []ID {
	kept := slices.Clone(protected)
	recent := h.recent()
	kept = append(kept, recent[:min(keep, len(recent))]...)
	stack := h.Stack()
	kept = append(kept, stack[max(0, len(stack)-2):]...)
	var remove []ID
	for _, id := range present {
		if !slices.Contains(kept, id) {
			remove = append(remove, id)
		}
	}
	return remove
}
