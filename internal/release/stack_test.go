package release

import (
	"slices"
	"testing"
	"time"
)

func TestHistoryIsAStack(t *testing.T) {
	three := History{deployed(r1), deployed(r2), deployed(r3)}
	for name, c := range map[string]struct {
		more History
		want []ID
	}{
		"three deploys":                        {nil, []ID{r1, r2, r3}},
		"a rollback pops":                      {History{rolledTo(r2)}, []ID{r1, r2}},
		"two rollbacks pop twice":              {History{rolledTo(r2), rolledTo(r1)}, []ID{r1}},
		"a deploy after rollbacks pushes":      {History{rolledTo(r2), rolledTo(r1), deployed(r4)}, []ID{r1, r4}},
		"a rollback over several":              {History{rolledTo(r1)}, []ID{r1}},
		"a rollback to one that is not there":  {History{rolledTo(r4)}, []ID{r1, r2, r3, r4}},
		"a rollback to what was popped pushes": {History{rolledTo(r1), rolledTo(r3)}, []ID{r1, r3}},
		"the same release again":               {History{deployed(r3)}, []ID{r1, r2, r3}},
		"an older release deployed again":      {History{deployed(r1)}, []ID{r1, r2, r3, r1}},
		"a failed deploy does not enter":       {History{ended(Reverted)}, []ID{r1, r2, r3}},
		"an interrupted deploy does not enter": {History{ended(Interrupted)}, []ID{r1, r2, r3}},
		"a change without an outcome":          {History{ended("")}, []ID{r1, r2, r3}},
		"a failed rollback does not pop":       {History{undone(Reverted)}, []ID{r1, r2, r3}},
		"an interrupted rollback neither":      {History{undone(Interrupted)}, []ID{r1, r2, r3}},
		"the same deploy after it failed once": {History{ended(Reverted), deployed(r4)}, []ID{r1, r2, r3, r4}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := append(slices.Clone(three), c.more...).Stack(); !slices.Equal(got, plain(c.want...)) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// The example of the design, step by step, on one host.
func TestRollbacksWalkDownTheStack(t *testing.T) {
	h := History{deployed(r1), deployed(r2), deployed(r3)}
	rollback := func(want ID) {
		t.Helper()
		got, err := RollbackTarget(map[string]HostState{"web1": {Stack: h.Stack()}})
		if err != nil || got != (Activation{ID: want}) {
			t.Fatalf("rollback goes to %v (%v), want %s", got, err, want)
		}
		h = append(h, rolledTo(got.ID))
	}
	rollback(r2)
	rollback(r1)
	h = append(h, deployed(r4))
	rollback(r1)
	if _, err := RollbackTarget(map[string]HostState{"web1": {Stack: h.Stack()}}); err == nil {
		t.Error("a rollback found something below the first release")
	}
}

// The same example, with changes in between that must not count.
func TestRollbacksSkipFailedChanges(t *testing.T) {
	torn := ParseHistory([]string{`{"key":"k","verb":"deploy","to":"20240104T0000`})
	h := History{deployed(r1), ended(Reverted), deployed(r2), ended(Interrupted), undone(Reverted), deployed(r3), ended("")}
	h = append(h, torn...)
	for _, want := range []ID{r2, r1} {
		got, err := RollbackTarget(map[string]HostState{"web1": {Stack: h.Stack()}})
		if err != nil || got.ID != want {
			t.Fatalf("rollback goes to %v (%v), want %s", got, err, want)
		}
		h = append(h, ended(Reverted), rolledTo(got.ID), undone(Interrupted))
	}
}

// The clock was set back by a day between the deploys: IDs and times are out of
// order, but the lines are in order.
func TestTheOrderIsTheHistorysOwnAndNoClocks(t *testing.T) {
	h := History{deployed(r3), deployed(r1), deployed(r2)}
	for i := range h {
		h[i].At = time.Date(2024, 1, 3-i, 0, 0, 0, 0, time.UTC)
	}
	if got := h.Stack(); !slices.Equal(got, plain(r3, r1, r2)) {
		t.Fatal(got)
	}
	if got, err := RollbackTarget(map[string]HostState{"web1": {Stack: h.Stack()}}); err != nil || got.ID != r1 {
		t.Errorf("%v, %v", got, err)
	}
	if removed := Prune([]ID{r1, r2, r3}, h, 2); !slices.Equal(removed, []ID{r3}) {
		t.Errorf("removes %v", removed)
	}
}

func TestEnvironmentsAreStepsToo(t *testing.T) {
	d, r := deployed, rolledTo
	base := History{d(r1), with(d(r2), e1)}
	for name, c := range map[string]struct {
		more History
		want []Activation
	}{
		"another environment is a step":         {History{with(d(r2), e2)}, []Activation{{r1, ""}, {r2, e1}, {r2, e2}}},
		"also none after one":                   {History{d(r2)}, []Activation{{r1, ""}, {r2, e1}, {r2, ""}}},
		"the same once more is none":            {History{with(d(r2), e1)}, []Activation{{r1, ""}, {r2, e1}}},
		"a rollback takes a step back":          {History{with(d(r2), e2), with(r(r2), e1)}, []Activation{{r1, ""}, {r2, e1}}},
		"a rollback to another one pushes":      {History{with(r(r1), e3)}, []Activation{{r1, ""}, {r2, e1}, {r1, e3}}},
		"a failed environment is no step":       {History{with(ended(Reverted), e2)}, []Activation{{r1, ""}, {r2, e1}}},
		"a rollback to an activation in it":     {History{with(r(r2), e1)}, []Activation{{r1, ""}, {r2, e1}}},
		"a duplicate is cut at its upper place": {History{d(r1), d(r3), r(r1)}, []Activation{{r1, ""}, {r2, e1}, {r1, ""}}},
		"and from there one step further down":  {History{d(r1), d(r3), r(r1), with(r(r2), e1)}, []Activation{{r1, ""}, {r2, e1}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := append(slices.Clone(base), c.more...).Stack(); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestStacksDoNotShareMemory(t *testing.T) {
	h := History{deployed(r1), deployed(r2), deployed(r3), rolledTo(r1)}
	first := h.Stack()
	_ = append(h.Stack(), Activation{ID: r4})
	if first = append(first, Activation{ID: r2}); !slices.Equal(first, plain(r1, r2)) || !slices.Equal(h.Stack(), plain(r1)) {
		t.Error(first, h.Stack())
	}
}

func TestChoosingAReleaseByItsID(t *testing.T) {
	d, r := deployed, rolledTo
	for name, c := range map[string]struct {
		h    History
		id   ID
		want Activation
		ok   bool
	}{
		"below the top":                     {History{with(d(r1), e1), with(d(r2), e2)}, r1, Activation{r1, e1}, true},
		"the topmost of its environments":   {History{with(d(r1), e1), with(d(r1), e2), d(r2)}, r1, Activation{r1, e2}, true},
		"what runs stays as it is":          {History{with(d(r1), e1), with(d(r1), e2)}, r1, Activation{r1, e2}, true},
		"popped: as it was live last":       {History{d(r1), with(d(r2), e1), with(d(r2), e2), r(r1)}, r2, Activation{r2, e2}, true},
		"the stack's counts, not the last":  {History{with(d(r1), e1), d(r2), with(d(r1), e2), with(d(r3), e3), r(r2)}, r1, Activation{r1, e1}, true},
		"never live: without environment":   {History{d(r1), with(ended(Reverted), e1)}, r4, Activation{r4, ""}, false},
		"nothing happened here":             {nil, r1, Activation{r1, ""}, false},
		"live again with none, after a pop": {History{d(r1), with(d(r2), e1), r(r1), d(r2), r(r1)}, r2, Activation{r2, ""}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := c.h.Choose(c.id); got != c.want || ok != c.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestEachHostReturnsToItsOwnActivation(t *testing.T) {
	d, want := deployed, Activation{r1, e1}
	for name, c := range map[string]struct {
		h    History
		want Activation
	}{
		"the fleet's is in its stack":       {History{with(d(r1), e1), with(d(r1), e2), d(r2)}, Activation{r1, e1}},
		"it has another environment of it":  {History{with(d(r1), e3), d(r2)}, Activation{r1, e3}},
		"it has it without an environment":  {History{d(r1), d(r2)}, Activation{r1, ""}},
		"it never had it":                   {History{d(r2)}, Activation{r1, ""}},
		"popped here, and then it is found": {History{d(r3), with(d(r1), e1), rolledTo(r3)}, Activation{r1, e1}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.h.Return(want); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestBeforeAreTheOtherReleasesBelow(t *testing.T) {
	d := deployed
	h := History{d(r1), with(d(r2), e1), with(d(r2), e2), d(r3), with(d(r2), e3), d(r1), d(r4)}
	for _, c := range []struct {
		a    Activation
		want []Activation
	}{
		{Activation{r4, ""}, []Activation{{r1, ""}, {r2, e3}, {r3, ""}}},
		{Activation{r1, ""}, []Activation{{r2, e3}, {r3, ""}}}, // from its upper place
		{Activation{r2, e3}, []Activation{{r3, ""}, {r1, ""}}},
		{Activation{r3, ""}, []Activation{{r2, e2}, {r1, ""}}},
		{Activation{r2, e2}, plain(r1)},
		{Activation{r4, e1}, nil}, // not in the stack
	} {
		if got := h.Before(c.a); !slices.Equal(got, c.want) {
			t.Errorf("before %v: %v, want %v", c.a, got, c.want)
		}
	}
}

func TestARevertPopsAndMarksNothingBad(t *testing.T) {
	h := History{
		{Verb: Deploy, To: "20240101T000000", Outcome: Live},
		{Verb: Deploy, From: "20240101T000000", To: "20240102T000000", Outcome: Live},
		{Verb: Revert, From: "20240102T000000", To: "20240101T000000", Outcome: Live},
	}
	if got := h.Stack(); len(got) != 1 || got[0].ID != "20240101T000000" {
		t.Errorf("stack %v", got)
	}
	if c, bad := h.Bad("20240102T000000", ""); bad {
		t.Errorf("bad: %+v", c)
	}
	h = append(h, Change{Verb: Revert, From: "20240101T000000", Outcome: Live})
	if got := h.Stack(); len(got) != 0 {
		t.Errorf("a revert to nothing leaves %v", got)
	}
}

func TestADeadRevertIsToBeFinished(t *testing.T) {
	dead := &Change{Verb: Revert, From: "20240102T000000", To: "20240101T000000"}
	stack := []Activation{{ID: "20240101T000000"}, {ID: "20240102T000000"}}
	if got, err := RollbackTarget(map[string]HostState{"a": {Stack: stack, Dead: dead}, "b": {Stack: stack[:1]}}); err != nil || got.ID != "20240101T000000" {
		t.Errorf("%v, %v", got, err)
	}
	dead = &Change{Verb: Revert, From: "20240101T000000"}
	if got, err := RollbackTarget(map[string]HostState{"a": {Stack: stack[:1], Dead: dead}}); err == nil {
		t.Errorf("a dead revert to nothing: rollback to %v", got)
	}
}
