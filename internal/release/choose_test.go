package release

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestRollbackTarget(t *testing.T) {
	on := func(ids ...ID) HostState { return HostState{Stack: ids} }
	dying := func(unproved ID, ids ...ID) HostState {
		return HostState{Stack: ids, Dead: &Change{Verb: Deploy, To: unproved}}
	}
	returning := func(target ID, ids ...ID) HostState {
		return HostState{Stack: ids, Dead: &Change{Verb: Rollback, To: target}}
	}
	for name, c := range map[string]struct {
		hosts map[string]HostState
		want  ID
		err   []string
	}{
		"one host":                {map[string]HostState{"a": on(r1, r2)}, r1, nil},
		"most hosts decide":       {map[string]HostState{"a": on(r1, r3), "b": on(r2, r3), "c": on(r2, r3)}, r2, nil},
		"a new host has no say":   {map[string]HostState{"a": on(r1, r3), "b": on(r3), "c": {}}, r1, nil},
		"a tie names both":        {map[string]HostState{"a": on(r1, r3), "b": on(r2, r3)}, "", []string{string(r1), string(r2), "name the release ID"}},
		"a tie of the most alone": {map[string]HostState{"a": on(r1, r4), "b": on(r1, r4), "c": on(r2, r4), "d": on(r2, r4), "e": on(r3, r4)}, "", []string{string(r1), string(r2)}},
		"nothing to go back to":   {map[string]HostState{"a": on(r1), "b": {}}, "", []string{"nothing to roll back to"}},
		"no hosts":                {nil, "", []string{"nothing to roll back to"}},

		"undoing a dead deploy is the rollback":     {map[string]HostState{"a": dying(r3, r1, r2)}, r2, nil},
		"also on hosts that it had not reached":     {map[string]HostState{"a": dying(r3, r1, r2), "b": on(r1, r2), "c": on(r1, r2)}, r2, nil},
		"also on hosts that had concluded it":       {map[string]HostState{"a": on(r1, r2, r3), "b": on(r1, r2, r3), "c": dying(r3, r1, r2)}, r2, nil},
		"concluded on most, unreached on one":       {map[string]HostState{"a": on(r1, r2, r3), "b": dying(r3, r1, r2), "c": on(r1, r2)}, r2, nil},
		"a dead rollback is finished":               {map[string]HostState{"a": returning(r2, r1, r2, r3)}, r2, nil},
		"also where most had concluded it":          {map[string]HostState{"a": on(r1, r2), "b": on(r1, r2), "c": returning(r2, r1, r2, r3)}, r2, nil},
		"a dead first deploy has nothing before it": {map[string]HostState{"a": dying(r1), "b": {}}, "", []string{"nothing to roll back to"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := RollbackTarget(c.hosts)
			if got != c.want || (err == nil) != (c.err == nil) {
				t.Fatalf("got %q, %v; want %q, %v", got, err, c.want, c.err)
			}
			for _, word := range c.err {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
}

func TestPruneRemovesTheOldAndNothingElse(t *testing.T) {
	all := []ID{r1, r2, r3, r4}
	history := History{deployed(r1), deployed(r2), deployed(r3), deployed(r4)}
	for name, c := range map[string]struct {
		present   []ID
		history   History
		keep      int
		protected []ID
		want      []ID
	}{
		"the oldest go":                   {all, history, 2, nil, []ID{r1, r2}},
		"enough room for all":             {all, history, 5, nil, nil},
		"what is running stays":           {all, history, 2, []ID{r1}, []ID{r2}},
		"an empty protected ID is no one": {all, history, 3, []ID{""}, []ID{r1}},
		"the one below stays at keep 1":   {all, history, 1, nil, []ID{r1, r2}},
		"also at keep 0":                  {all, history, 0, nil, []ID{r1, r2}},
		"a failed one goes first":         {all, History{deployed(r1), deployed(r2), ended(Reverted)}, 3, nil, []ID{r3, r4}},
		"one that is not there":           {[]ID{r4}, history, 2, []ID{r3}, nil},
		"recent means lately live, not a high ID": {
			all, History{deployed(r4), deployed(r3), deployed(r2), deployed(r1)}, 2, nil, []ID{r3, r4},
		},
		"after rollbacks the stack's lower one stays": {
			all, History{deployed(r1), deployed(r2), deployed(r3), deployed(r4), rolledTo(r2)}, 2, nil, []ID{r3},
		},
		"no history: only what is protected stays": {all, nil, 5, []ID{r4, r4}, []ID{r1, r2, r3}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Prune(c.present, c.history, c.keep, c.protected...); !slices.Equal(got, c.want) {
				t.Errorf("removes %v, want %v", got, c.want)
			}
		})
	}
}

func TestPruneNeverTouchesWhatIsProtected(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		pick := func() ID { return ID(fmt.Sprintf("202401%02dT000000", 1+random.IntN(9))) }
		var present, protected []ID
		var h History
		for range random.IntN(10) {
			if id := pick(); !slices.Contains(present, id) {
				present = append(present, id)
			}
		}
		for range random.IntN(15) {
			verb := []Verb{Deploy, Rollback}[random.IntN(2)]
			outcome := []Outcome{Live, Live, Live, Reverted, Interrupted}[random.IntN(5)]
			h = append(h, Change{Verb: verb, To: pick(), Outcome: outcome})
		}
		for range random.IntN(4) {
			protected = append(protected, pick())
		}
		keep := random.IntN(6)
		stack := h.Stack()
		never := append(slices.Clone(protected), stack[max(0, len(stack)-2):]...)
		if target, err := RollbackTarget(map[string]HostState{"a": {Stack: stack}}); err == nil {
			never = append(never, target)
		}
		recent := h.recent()
		never = append(never, recent[:min(keep, len(recent))]...)
		removed := Prune(present, h, keep, protected...)
		for _, id := range present {
			if gone := slices.Contains(removed, id); gone == slices.Contains(never, id) {
				t.Fatalf("seed %d: %s removed: %v; present %v, stack %v, protected %v, keep %d, removed %v", seed, id, gone, present, stack, protected, keep, removed)
			}
		}
		if len(removed) > len(present) {
			t.Fatalf("seed %d: removes %v of %v", seed, removed, present)
		}
	}
}
