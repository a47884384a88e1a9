package release

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	finish, unproved := ballot{}, map[Activation]bool{}
	for name, h := range hosts {
		switch {
		case h.Dead == nil:
		case h.Dead.Verb == Deploy:
			unproved[h.Dead.Target()] = true
		case !h.Dead.Target().IsZero():
			finish[name] = h.Dead.Target()
		}
	}
	if len(finish) > 0 {
		return finish.most()
	}
	votes := ballot{}
	for name, h := range hosts {
		if a := h.backFrom(unproved); !a.IsZero() {
			votes[name] = a
		}
	}
	return votes.most()
}

// backFrom returns the activation that this host goes back to. That is the one
// below the top of its stack, or the top itself if a dead deploy of one that is
// unproved would have replaced it.
func (h HostState) backFrom(unproved map[Activation]bool) Activation {
	n := len(h.Stack)
	if len(unproved) > 0 && n > 0 && !unproved[h.Stack[n-1]] {
		return h.Stack[n-1]
	}
	if n > 1 {
		return h.Stack[n-2]
	}
	return Activation{}
}

// ballot says which activation each host is for.
type ballot map[string]Activation

// most returns the activation that most hosts are for. Releases are counted
// first, then the activations of that release.
func (b ballot) most() (Activation, error) {
	if len(b) == 0 {
		return Activation{}, errors.New("no host has an earlier release in its history: there is nothing to roll back to; deploy a good revision instead, or name a release ID")
	}
	votes := map[ID][]string{}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		votes[b[name].ID] = append(votes[b[name].ID], name)
	}
	ids := slices.SortedFunc(maps.Keys(votes), func(x, y ID) int {
		return cmp.Or(len(votes[y])-len(votes[x]), cmp.Compare(x, y))
	})
	if len(ids) > 1 && len(votes[ids[0]]) == len(votes[ids[1]]) {
		return Activation{}, fmt.Errorf("as many hosts would go back to %s (%s) as to %s (%s): name the release ID to roll back to",
			ids[0], some(votes[ids[0]]), ids[1], some(votes[ids[1]]))
	}
	return b.mostMeant(ids[0]), nil
}

// some returns the first names of a list, and counts the others.
func some(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// mostMeant returns the activation of a release that most hosts are for. Ties
// are broken by the key just to get the same result each time: each host goes
// back to its own environment of the release anyway.
func (b ballot) mostMeant(id ID) Activation {
	votes := map[Activation]int{}
	for _, a := range b {
		if a.ID == id {
			votes[a]++
		}
	}
	return slices.MaxFunc(slices.Collect(maps.Keys(votes)), func(a, b Activation) int {
		return cmp.Or(cmp.Compare(votes[a], votes[b]), cmp.Compare(a.Env, b.Env))
	})
}
