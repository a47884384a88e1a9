package rollout

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/host"
)

// atOnce bounds how many hosts a run works on at the same time. Each has its
// own connection; package remote bounds those through one jump host.
const atOnce = 32

// each runs f for the hosts, several at a time, and waits for all of them.
func each(hosts fleet, f func(*member)) { eachOf(atOnce, hosts, f) }

func eachOf(n int, hosts fleet, f func(*member)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, n)
	for _, m := range hosts {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(m)
		})
	}
	wg.Wait()
}

// inBatches runs f for the hosts, as many at a time as the plan says. It
// continues after failures of single hosts.
func (r *run) inBatches(ctx context.Context, due fleet, f func(*member)) {
	n := r.plan.Parallel.Of(len(due))
	for i := 0; i < len(due); i += n {
		if i > 0 {
			r.pause(ctx)
		}
		eachOf(n, due[i:min(i+n, len(due))], func(m *member) {
			if ctx.Err() != nil {
				m.fail(host.Untouched, host.As(ctx, host.Cancelled, errCancelled))
				return
			}
			f(m)
		})
	}
}

var errCancelled = errors.New("the run was cancelled before this host was switched")

// inTurn runs f for the hosts of one batch after the other. From the end of hurry
// on it runs f for all remaining hosts at once.
func inTurn(hurry context.Context, batches []fleet, f func(*member)) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, batch := range batches {
		ended := make(chan struct{})
		all.Go(func() {
			defer close(ended)
			eachOf(len(batch), batch, f)
		})
		select {
		case <-ended:
		case <-hurry.Done():
		}
	}
}

// pause waits so that problems of a batch can show. It ends with the run.
func (r *run) pause(ctx context.Context) {
	if r.plan.Pause <= 0 {
		return
	}
	r.log.Say("", "waiting for %s before the next batch", r.plan.Pause)
	select {
	case <-ctx.Done():
	case <-time.After(r.plan.Pause):
	}
}
