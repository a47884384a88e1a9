package rollout

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
)

// goBack puts every switched host back, batch by batch, the last one first.
// When only seconds are left, no batch waits for another.
func (r *run) goBack(ctx context.Context, batches []fleet, culprit *member) error {
	cause := cmp.Or(culprit.Result().Short, culprit.Result().Problem)
	rest := skipRest(batches, culprit)
	back := switchedLastFirst(batches)
	if len(back) > 0 {
		r.log.Say("", "putting every switched host back to what it ran before")
	}
	inTurn(host.Hurry(ctx), back, func(m *member) {
		undo, cancel := host.Undo(ctx)
		defer cancel()
		reason := m.Result().Problem
		if reason == "" {
			reason = fmt.Sprintf("%s failed: %s", culprit.Name(), cause)
		}
		m.GoBack(undo, reason)
	})
	if host.Hurry(ctx).Err() == nil { // otherwise there is no time: the next prune does it
		rest.drop(ctx)
	}
	return r.failed("")
}

func switchedLastFirst(batches []fleet) (back []fleet) {
	for _, batch := range slices.Backward(batches) {
		if switched := batch.only((*member).Switched); len(switched) > 0 {
			back = append(back, switched)
		}
	}
	return back
}

// skipRest marks the hosts that the run did not reach.
func skipRest(batches []fleet, culprit *member) fleet {
	rest := slices.Concat(batches...).only(func(m *member) bool {
		return !m.Switched() && !m.failed() && m.Result().Outcome == host.Untouched
	})
	for _, m := range rest {
		m.fail(host.Skipped, fmt.Errorf("not switched, because %s failed", culprit.Name()))
	}
	return rest
}
