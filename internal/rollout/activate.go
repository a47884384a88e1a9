package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

const (
	logLines = 20
	// GitHub ends a cancelled step 7.5 s after the first signal.
	cancelGrace = 6500 * time.Millisecond
	undoTimeout = 3 * time.Minute
)

// activate switches one host and proves it. After a failure the host is still
// switched: the caller decides what goes back.
func (r *run) activate(ctx context.Context, h *host, c release.Change) error {
	select {
	case <-h.lock.Lost():
		return h.fail(Untouched, errors.New("the lock was lost (the connection broke?); nothing was changed here"))
	default:
	}
	h.activated, h.change, h.switched = time.Now(), c, true
	out := r.log.Output(h.name)
	err := script.Activate(ctx, h, r.plan.Layout, r.plan.Unit, c.To, &c, out)
	out.Close()
	if err == nil {
		r.log.Say(h.name, "switched from %s to %s and restarted", orNothing(c.From), c.To)
		err = r.prove(ctx, h, c.To, r.plan.Settle)
	}
	h.result.Took = time.Since(h.activated)
	if err != nil {
		h.fail(Failed, err)
		r.log.Say(h.name, "%v", err)
		return err
	}
	h.result.Outcome, h.result.After = Live, c.To
	r.log.Say(h.name, "proved in %.1f s: %s", h.result.Took.Seconds(), r.proof())
	return nil
}

func (r *run) proof() string {
	s := "unit active, its process is the release"
	if r.plan.HealthURL != nil {
		s += ", " + r.plan.HealthURL.String() + " answers 2xx"
	}
	return s
}

// conclude makes a proved change part of the host's history.
func (r *run) conclude(ctx context.Context, h *host) error {
	h.change.Outcome = release.Live
	if err := script.Conclude(ctx, h, r.plan.Layout, h.change); err != nil {
		return err
	}
	h.switched = false
	h.seen.History = append(h.seen.History, h.change)
	return nil
}

// undoContext goes on after a cancel, for as long as the runner allows then.
func undoContext(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := undoTimeout
	if ctx.Err() != nil {
		limit = cancelGrace
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

// revert puts one switched host back to what it ran before and proves that.
func (r *run) revert(ctx context.Context, h *host, reason string) {
	if !h.switched {
		return
	}
	h.result.UnitLog = r.unitLog(ctx, h)
	back := h.change.From
	out := r.log.Output(h.name)
	err := script.Activate(ctx, h, r.plan.Layout, r.plan.Unit, back, nil, out)
	out.Close()
	// Whatever the restart said: what counts is what runs now.
	if proofErr := r.proveBack(ctx, h, back); proofErr != nil {
		r.notBack(ctx, h, reason, errors.Join(proofErr, err))
		return
	}
	h.result.After = back
	h.change.Outcome, h.change.Reason = release.Reverted, reason
	if err := script.Conclude(ctx, h, r.plan.Layout, h.change); err != nil {
		h.fail(Failed, fmt.Errorf("%s; it is back on %s, but its history could not be written: %w", reason, orNothing(back), err))
		return
	}
	h.switched = false
	h.fail(Reverted, errors.New(reason))
	r.log.Say(h.name, "back on %s", orNothing(back))
}

// notBack tells of a host that was not seen to go back. Its change record stays.
func (r *run) notBack(ctx context.Context, h *host, reason string, err error) {
	back := orNothing(h.change.From)
	if ctx.Err() != nil {
		err = fmt.Errorf("%s; there was no time to see it go back to %s: the host ends that by itself, and the next deploy or rollback checks and repairs it first", reason, back)
	} else {
		err = fmt.Errorf("%s; going back to %s failed too: %w; log in and look at 'systemctl status %s'; the next deploy or rollback repairs this host first", reason, back, err, r.plan.Unit)
	}
	h.result.After = h.change.To
	h.fail(Failed, err)
	r.log.Say(h.name, "%v", err)
}

func (r *run) proveBack(ctx context.Context, h *host, back release.ID) error {
	if back == "" {
		return r.proveStopped(ctx, h)
	}
	// It was proved when it was deployed. That it answers again is enough, and
	// a cancelled run has no time for more.
	return r.prove(ctx, h, back, 0)
}

// unitLog reads what the unit said since the activation. Not to get it is no
// reason to fail, but a reason to tell.
func (r *run) unitLog(ctx context.Context, h *host) []string {
	since := h.seen.Now + int64(h.activated.Sub(h.seenAt).Seconds())
	lines, err := script.UnitLog(ctx, h, r.plan.Unit, since, logLines)
	if err != nil {
		return []string{err.Error()}
	}
	return lines
}
