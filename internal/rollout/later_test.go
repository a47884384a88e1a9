package rollout_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/apxr/slipway/internal/rollout"
)

// Nobody waits for old releases to be removed. The locks are held until then.
func TestOldReleasesAreRemovedAfterTheResultIsKnown(t *testing.T) {
	f := newFleet(t, 2)
	for n := 1; n <= 4; n++ {
		f.live(n)
	}
	var rest []func()
	p := plan(func(p *rollout.Plan) { p.Keep, p.Later = 2, func(f func()) { rest = append(rest, f) } })
	if r, err := f.deploy(f.Context(), 5, p); err != nil || r.Became != rollout.BecameLive {
		t.Fatal(r.Became, err)
	}
	first := f.machines[0].State()
	if len(rest) != 1 || !slices.Contains(first.Releases, id(1)) || !first.Locked {
		t.Fatalf("%d things are left to do; %+v", len(rest), first)
	}
	rest[0]()
	f.runs(5)
	if first := f.machines[0].State(); slices.Contains(first.Releases, id(1)) {
		t.Errorf("release 1 was not removed: %q", first.Releases)
	}
}

// After a failure there is nothing to remove, and nobody has to do anything.
func TestARunThatFailedLeavesNothingToDo(t *testing.T) {
	f := newFleet(t, 1)
	f.live(1)
	f.machines[0].Findings = errors.New("no unit")
	p := plan(func(p *rollout.Plan) { p.Later = func(func()) { t.Error("something is left to do") } })
	if _, err := f.deploy(f.Context(), 2, p); err == nil {
		t.Fatal("it did not fail")
	}
	f.runs(1)
}
