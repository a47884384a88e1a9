package release

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

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
		never := slices.Clone(protected)
		for _, a := range stack[max(0, len(stack)-2):] {
			never = append(never, a.ID)
		}
		if target, err := RollbackTarget(map[string]HostState{"a": {Stack: stack}}); err == nil {
			never = append(never, target.ID)
		}
		recent := h.recent(len(h))
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

func TestPruneLooksForAnotherReleaseBehindEnvironments(t *testing.T) {
	h := History{deployed(r1), with(deployed(r2), e1), with(deployed(r2), e2), with(deployed(r2), e3)}
	if got := Prune([]ID{r1, r2, r3}, h, 1); !slices.Equal(got, []ID{r3}) {
		t.Errorf("removes %v: what two rollbacks go back to is gone", got)
	}
	if got := Prune([]ID{r1, r2, r3}, h, -1); !slices.Equal(got, []ID{r3}) {
		t.Errorf("keep -1 removes %v", got)
	}
}

func TestPruneActivations(t *testing.T) {
	const e4, e5 = "20240104T000000.000000004", "20240105T000000.000000005"
	d, all := deployed, []string{e1, e2, e3, e4, e5}
	h := History{with(d(r1), e1), with(d(r2), e2), with(d(r3), e3), with(d(r3), e4)}
	popped := History{with(d(r1), e1), with(d(r2), e2), with(d(r2), e3), with(rolledTo(r1), e1)}
	for name, c := range map[string]struct {
		present   []string
		h         History
		releases  []ID
		protected []Activation
		want      []string
	}{
		"all releases are there":                 {all, h, []ID{r1, r2, r3}, nil, []string{e5}},
		"a release is gone":                      {all, h, []ID{r2, r3}, nil, []string{e1, e5}},
		"each environment a rollback can use":    {all, h, []ID{r3}, nil, []string{e1, e5}}, // r2 is next
		"what a rollback chooses, if it is gone": {all, h, nil, nil, []string{e1, e5}},
		"protected":                              {all, h, []ID{r2, r3}, []Activation{{r4, e5}, {r1, e1}}, nil},
		"protected without an environment":       {all, h, []ID{r2, r3}, []Activation{{r1, ""}, {}}, []string{e1, e5}},
		"popped, and it could be named by ID":    {all, popped, []ID{r1, r2}, nil, []string{e2, e4, e5}},
		"popped, and its release is gone":        {all, popped, []ID{r1}, nil, []string{e2, e3, e4, e5}},
		"an environment that was never live":     {all, History{d(r1), with(ended(Reverted), e2)}, []ID{r1, r4}, nil, all},
		"no history":                             {all, nil, []ID{r1}, []Activation{{r1, e3}}, []string{e1, e2, e4, e5}},
		"names that are none of Slipway's":       {[]string{"..", "", "k1", e5 + "\n", e5 + ".part", e5}, h, nil, nil, []string{e5}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PruneActivations(c.present, c.h, c.releases, c.protected...); !slices.Equal(got, c.want) {
				t.Errorf("removes %v, want %v", got, c.want)
			}
		})
	}
}
