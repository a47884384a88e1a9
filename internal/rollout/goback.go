package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
)

// goBack puts every switched host back, batch by batch, the last one first. After
// a cancel no batch waits for another: only seconds are left.
func (r *run) goBack(ctx context.Context, batches [][]*member, culprit *member) error {
	cause := culprit.Result().Problem
	rest := skipRest(batches, culprit)
	back := switchedLastFirst(batches)
	if len(back) > 0 {
		r.log.Say("", "putting every switched host back to what it ran before")
	}
	inTurn(ctx, back, func(m *member) {
		undo, cancel := host.Undo(ctx)
		defer cancel()
		reason := m.Result().Problem
		if reason == "" {
			reason = fmt.Sprintf("%s failed: %s", culprit.Name(), cause)
		}
		m.GoBack(undo, reason)
	})
	if ctx.Err() == nil { // else there is no time, and the next prune does it
		r.dropAll(ctx, rest)
	}
	return fmt.Errorf("%s: %s", culprit.Name(), culprit.Result().Problem)
}

func switchedLastFirst(batches [][]*member) (back [][]*member) {
	for _, batch := range slices.Backward(batches) {
		if switched := only(batch, (*member).Switched); len(switched) > 0 {
			back = append(back, switched)
		}
	}
	return back
}

// skipRest marks the hosts that were not reached.
func skipRest(batches [][]*member, culprit *member) []*member {
	rest := only(slices.Concat(batches...), func(m *member) bool {
		return !m.Switched() && !m.failed() && m.Result().Outcome == host.Untouched
	})
	for _, m := range rest {
		m.fail(host.Skipped, fmt.Errorf("not switched, because %s failed", culprit.Name()))
	}
	return rest
}

// dropAll removes the environments of an activation that did not come about.
func (r *run) dropAll(ctx context.Context, hosts []*member) {
	undo, cancel := host.Undo(ctx)
	defer cancel()
	each(hosts, func(m *member) { m.Drop(undo, m.to) })
}
