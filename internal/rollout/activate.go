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
	// A short health-timeout is a judgement on the new release. What ran before
	// gets its time to start on a busy host.
	backPatience = 10 * time.Second
)

// activate switches one host and proves it. After a failure the host may be
// switched: the caller decides what goes back.
func (r *run) activate(ctx context.Context, h *host, to release.Activation) error {
	select {
	case <-h.lock.Lost():
		return h.fail(Untouched, errors.New("the lock was lost (the connection broke?); nothing was changed here"))
	default:
	}
	if _, err := r.hook(ctx, h, to, script.Before, script.Hook{Commands: r.plan.Before}); err != nil {
		undo, cancel := undoContext(ctx)
		defer cancel()
		r.dropEnvironment(undo, h, to)
		return h.fail(Untouched, fmt.Errorf("%w; nothing was switched here", err))
	}
	h.activated, h.change, h.switched = time.Now(), r.newChange(h, to), true
	err := r.switchAndProve(ctx, h, to)
	h.result.Took = time.Since(h.activated)
	if err != nil {
		h.fail(Failed, err)
		r.log.Say(h.name, "%v", err)
		return err
	}
	h.result.Outcome, h.result.After = Live, to.ID
	r.log.Say(h.name, "proved in %.1f s", h.result.Took.Seconds())
	return nil
}

func (r *run) switchAndProve(ctx context.Context, h *host, to release.Activation) error {
	err := r.timed(h, PhaseSwitch, func() (err error) {
		h.started, err = r.switchTo(ctx, h, to, &h.change)
		return err
	})
	if err != nil {
		return err
	}
	r.log.Say(h.name, "switched from %s to %s and restarted", h.change.Source(), to)
	err = r.timed(h, PhaseProve, func() error { return r.prove(ctx, h, to, h.started, r.plan.Settle, r.plan.Timeout) })
	if err != nil {
		return err
	}
	_, err = r.hook(ctx, h, to, script.After, script.Hook{Commands: r.plan.After})
	return err
}

// switchTo makes an activation current and restarts the units.
func (r *run) switchTo(ctx context.Context, h *host, to release.Activation, record *release.Change) (script.Started, error) {
	return r.on(h).Activate(ctx, script.Switch{Units: r.plan.Units, To: to, Record: record, Restart: r.plan.Restart})
}

func (r *run) hook(ctx context.Context, h *host, a release.Activation, when script.Moment, what script.Hook) (started bool, err error) {
	if what.IsZero() {
		return false, nil
	}
	began := time.Now()
	phase := PhaseBefore
	if when == script.After {
		phase = PhaseAfter
	}
	err = r.timed(h, phase, func() (err error) {
		started, err = r.on(h).RunHook(ctx, a, when, what)
		return err
	})
	if err == nil {
		r.log.Say(h.name, "%s ended well in %.1f s", when, time.Since(began).Seconds())
	}
	return started, err
}

// conclude makes a proved change part of the host's history.
func (r *run) conclude(ctx context.Context, h *host) error {
	if err := r.reach(ctx, h); err != nil {
		return err
	}
	h.change.Outcome = release.Live
	if err := r.on(h).Conclude(ctx, h.change); err != nil {
		return err
	}
	h.switched = false
	h.seen.History = append(h.seen.History, h.change)
	return nil
}

// undoContext goes on after a cancel, for as long as the runner allows then,
// whether the cancel comes before or while something is undone.
func undoContext(ctx context.Context) (context.Context, context.CancelFunc) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cancelGrace, cancel) })
	return undo, func() {
		stop()
		cancel()
	}
}

// revert puts one switched host back to what it ran before and proves that.
func (r *run) revert(ctx context.Context, h *host, reason string) {
	if !h.switched {
		return
	}
	if err := r.reach(ctx, h); errors.Is(err, errTakenOver) {
		h.switched = false
		h.fail(Failed, fmt.Errorf("%s; %w", reason, err))
		r.log.Say(h.name, "%v", err)
		return
	} else if err != nil {
		h.result.After = h.change.To
		r.notBack(ctx, h, reason, err)
		return
	}
	if h.failed() {
		h.result.UnitLog = r.unitLogs(ctx, h)
	}
	back := h.change.Source()
	began := time.Now()
	var err error
	proofErr := r.timed(h, PhaseGoBack, func() error {
		var started script.Started
		started, err = r.switchTo(ctx, h, back, nil)
		// Whatever the restart said: what counts is what runs now.
		return r.proveBack(ctx, h, back, left(h.started, started))
	})
	if proofErr != nil {
		h.result.After = h.change.To
		if err == nil {
			h.result.After = back.ID
		}
		r.notBack(ctx, h, reason, errors.Join(err, proofErr))
		return
	}
	h.result.After = back.ID
	h.change.Outcome, h.change.Reason = release.Reverted, reason
	if err := r.on(h).Conclude(ctx, h.change); err != nil {
		h.fail(Failed, fmt.Errorf("%s; it is back on %s, but its history could not be written: %w", reason, back, err))
		return
	}
	h.switched = false
	r.dropEnvironment(ctx, h, h.change.Target())
	h.fail(Reverted, errors.New(reason))
	r.log.Say(h.name, "back on %s after %.1f s", back, time.Since(began).Seconds())
}

// notBack tells of a host that was not seen to go back. Its change record stays.
func (r *run) notBack(ctx context.Context, h *host, reason string, err error) {
	back := h.change.Source()
	if ctx.Err() != nil {
		err = fmt.Errorf("%s; there was no time to see it go back to %s: the host ends that by itself, and the next deploy or rollback checks and repairs it first", reason, back)
	} else {
		err = fmt.Errorf("%s; going back to %s failed too: %w; log in and look at 'systemctl status %s'; the next deploy or rollback repairs this host first", reason, back, err, r.plan.Units[0])
	}
	h.fail(Failed, err)
	r.log.Say(h.name, "%v", err)
}

// left is now, the units' invocations before going back, without those that are
// still as they were before the activation: what such a unit runs is what ran
// before, and it need not have been restarted.
func left(before, now script.Started) script.Started {
	kept := script.Started{}
	for unit, invocation := range now {
		if was, known := before[unit]; !known || was == "" || was != invocation {
			kept[unit] = invocation
		}
	}
	return kept
}

func (r *run) proveBack(ctx context.Context, h *host, back release.Activation, started script.Started) error {
	proof := h.result.Proof
	defer func() { h.result.Proof = proof }() // which is of what was asked for
	if back.IsZero() {
		return r.proveStopped(ctx, h)
	}
	// It was proved when it was deployed. That it answers again is enough, and
	// a cancelled run has no time for more.
	p := r.newProof(h, back, started)
	p.bare = h.unmet
	return p.wait(ctx, 0, max(r.plan.Timeout, backPatience))
}

// dropEnvironment removes the environment of an activation that failed, secrets
// and all. What cannot be removed now, the next prune removes.
func (r *run) dropEnvironment(ctx context.Context, h *host, a release.Activation) {
	if a.Env != r.key {
		return // it belongs to an earlier activation
	}
	if _, err := r.on(h).Prune(ctx, nil, []string{a.Env}); err != nil {
		r.log.Say(h.name, "the environment of the release that failed was not removed: %v", err)
	}
}

// unitLogs reads what the units said since the activation. Not to get it is no
// reason to fail, but a reason to tell.
func (r *run) unitLogs(ctx context.Context, h *host) []string {
	since := h.seen.Now + int64(h.activated.Sub(h.seenAt).Seconds())
	var all []string
	for _, unit := range r.plan.Units {
		lines, err := r.on(h).UnitLog(ctx, unit, since, logLines)
		if err != nil {
			lines = []string{err.Error()}
		}
		all = append(all, lines...)
	}
	return all
}
