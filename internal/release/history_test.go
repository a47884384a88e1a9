package release

import (
	"slices"
	"testing"
	"time"
)

const (
	r1 ID = "20240101T000000"
	r2 ID = "20240102T000000"
	r3 ID = "20240103T000000"
	r4 ID = "20240104T000000"
)

func deployed(id ID) Change {
	return Change{Key: "d" + string(id), Verb: Deploy, To: id, Outcome: Live}
}
func rolledTo(id ID) Change {
	return Change{Key: "r" + string(id), Verb: Rollback, To: id, Outcome: Live}
}
func ended(o Outcome) Change  { return Change{Verb: Deploy, From: r1, To: r4, Outcome: o} }
func undone(o Outcome) Change { return Change{Verb: Rollback, From: r3, To: r1, Outcome: o} }

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
			if got := append(slices.Clone(three), c.more...).Stack(); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// The design's own example, step by step, on one host.
func TestRollbacksWalkDownTheStack(t *testing.T) {
	h := History{deployed(r1), deployed(r2), deployed(r3)}
	rollback := func(want ID) {
		t.Helper()
		got, err := RollbackTarget(map[string]HostState{"web1": {Stack: h.Stack()}})
		if err != nil || got != want {
			t.Fatalf("rollback goes to %q (%v), want %s", got, err, want)
		}
		h = append(h, rolledTo(got))
	}
	rollback(r2)
	rollback(r1)
	h = append(h, deployed(r4))
	rollback(r1)
	if _, err := RollbackTarget(map[string]HostState{"web1": {Stack: h.Stack()}}); err == nil {
		t.Error("there is nothing below the first release, and a rollback found something")
	}
}

func TestAChangeSurvivesItsLine(t *testing.T) {
	want := Change{
		Key: "k", At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Verb: Rollback, From: r1, To: r2, Version: "1.0",
		Revision: "abc", Who: "o'neil <x>", Run: "https://h/1?a=1&b=2", Outcome: Reverted, Reason: "two\nlines \"quoted\"",
	}
	line, err := want.JSON()
	if err != nil {
		t.Fatal(err)
	}
	got := ParseHistory([]string{line})
	if len(got) != 1 || got[0] != want {
		t.Errorf("%s\nbecame %+v", line, got)
	}
}

func TestLinesThatNeverBecameAChangeArePassedOver(t *testing.T) {
	whole, err := deployed(r1).JSON()
	if err != nil {
		t.Fatal(err)
	}
	next, err := deployed(r2).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) { // torn at any byte, with a later change after it
		h := ParseHistory([]string{whole, whole[:cut], next})
		if got := h.Stack(); !slices.Equal(got, []ID{r1, r2}) {
			t.Fatalf("torn to %q: %v", whole[:cut], got)
		}
	}
	if h := ParseHistory([]string{"", "null", "[]", "{}", "x"}); len(h) != 0 {
		t.Errorf("%+v", h)
	}
}

func TestFindIsTheLatestTimeOfBeingLive(t *testing.T) {
	first, second, failed := deployed(r1), deployed(r1), ended(Reverted)
	first.Who, second.Who = "first", "second"
	h := History{first, second, deployed(r2), failed}
	if c, ok := h.Find(r1); !ok || c.Who != "second" {
		t.Errorf("%+v %v", c, ok)
	}
	if _, ok := h.Find(r4); ok {
		t.Error("a release that was never live was found")
	}
}

func TestHasKnowsAChangeByItsKey(t *testing.T) {
	h := History{deployed(r1)}
	if !h.Has(deployed(r1).Key) || h.Has(rolledTo(r1).Key) {
		t.Error("wrong")
	}
}
