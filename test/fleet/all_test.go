package fleet

import (
	"slices"
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestOneHostThatFailsTakesAllBack(t *testing.T) {
	w := eight(t)
	good := w.deploy(1)
	bad := w.Artifact(2, light.Way{OnlyHost: w.name(5), Exit: status(3)})
	r := w.Slipway(world.DeployOf(bad)...)
	w.refuses(r, w.addr(5)+": the release exits", "putting every switched host back")
	w.runs(good, nil)
	// The batches are 1; 2, 3, 4; 5, 6, 7; 8.
	const back = "put back"
	if got := w.outcomes(r.Said()); !slices.Equal(got, []string{back, back, back, back, back, "failed, " + back, back, "not reached"}) {
		t.Errorf("outcomes %q", got)
	}
	// Last switched, first back: no host of the first batch before one of the last.
	order := w.order(r.Stderr, "back on "+string(good))
	if len(order) != 7 || order[6] != 0 || !slices.Contains(order[:3], 4) || !slices.Contains(order[:3], 5) || !slices.Contains(order[:3], 6) {
		t.Errorf("they went back in the order %v", order)
	}
}
