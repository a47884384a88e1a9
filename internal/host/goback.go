package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// A short health-timeout is meant for the new release. The release before
// gets the time that it needs to start on a busy host.
const backPatience = 10 * time.Second

// GoBack puts a switched host back to what it ran before, and proves it. The
// result says how that ended.
func (h *Host) GoBack(ctx context.Context, reason string) {
	if !h.switched {
		return
	}
	if err := h.reach(ctx); err != nil {
		h.outOfReach(reason, err)
		return
	}
	if h.result.Failed() {
		h.tellLogs(ctx)
	}
	back := h.change.Source()
	began := time.Now()
	switched, proved := h.restore(ctx, back, nil)
	if IsTakenOver(switched) {
		h.outOfReach(reason, switched)
		return
	}
	if proved != nil {
		h.result.After = h.change.To
		if switched == nil {
			h.result.After = back.ID
		}
		h.notBack(ctx, reason, back, errors.Join(switched, proved))
		return
	}
	h.result.After = back.ID
	h.concludeReverted(ctx, reason)
	if !h.switched {
		h.say("back on %s after %.1f s", back, time.Since(began).Seconds())
	}
}

// outOfReach notes a switched host that cannot be reached any more, or that
// another run has changed.
func (h *Host) outOfReach(reason string, err error) {
	if !IsTakenOver(err) {
		h.result.After = h.change.To
		h.cannotGoBack(reason, h.change.Source(), err) // it was never asked to, so it will not by itself
		return
	}
	h.switched = false
	h.fail(Failed, fmt.Errorf("%s; %w", reason, err))
	h.say("%v", err)
}

// restore makes an earlier activation current again and proves it. The first
// error is that of the switch. Only the proof says whether the host runs the
// activation.
func (h *Host) restore(ctx context.Context, a release.Activation, record *release.Change) (switched, proved error) {
	proved = h.timed(PhaseGoBack, func() error {
		var now script.Started
		switched = h.holding(ctx, func() (err error) {
			now, err = h.switchTo(ctx, a, h.change.Key, record)
			return err
		})
		if IsTakenOver(switched) {
			return switched
		}
		if record == nil {
			return h.proveBack(ctx, a, restarted(h.started, now))
		}
		h.started = now
		return h.proveBack(ctx, a, now)
	})
	return switched, proved
}

// concludeReverted records in the history that the change was undone.
func (h *Host) concludeReverted(ctx context.Context, reason string) {
	back := h.change.Source()
	h.change.Outcome, h.change.Reason = release.Reverted, h.run.Log.Redact(reason)
	err := h.holding(ctx, func() error { return h.script().Conclude(ctx, h.change) })
	if IsTakenOver(err) {
		h.outOfReach(reason, err)
		return
	}
	if err != nil {
		h.fail(Failed, fmt.Errorf("%s; it is back on %s, but its history could not be written: %w", reason, back, err))
		return
	}
	h.switched = false
	h.Drop(ctx, h.change.Target())
	h.fail(Reverted, errors.New(reason))
}

// notBack notes a host whose return was not proved. Its change record stays.
func (h *Host) notBack(ctx context.Context, reason string, back release.Activation, err error) {
	if ctx.Err() == nil {
		h.cannotGoBack(reason, back, err)
		return
	}
	err = fmt.Errorf("%s; there was no time to see it go back to %s: the host ends that by itself, and the next deploy or rollback checks and repairs it first", reason, back)
	h.fail(GoingBack, err)
	h.say("%v", err)
}

// cannotGoBack notes a host that a person has to look at.
func (h *Host) cannotGoBack(reason string, back release.Activation, err error) {
	err = short{
		fmt.Errorf("%s; going back to %s failed too: %w; log in and look at 'systemctl status %s'; the next deploy or rollback repairs this host first", reason, back, err, h.plan().Units[0]),
		notBackInShort(h.result.Short, back),
	}
	h.fail(Failed, err)
	h.say("%v", err)
}

func notBackInShort(own string, back release.Activation) string {
	if own == "" {
		return fmt.Sprintf("going back to %s failed", back)
	}
	return own + "; going back failed too"
}

// restarted returns the units' invocations before going back, without those
// that have not changed since before the change. Such a unit still runs the old
// release and needs no restart.
func restarted(before, now script.Started) script.Started {
	kept := script.Started{}
	for unit, invocation := range now {
		if was, known := before[unit]; !known || was == "" || was != invocation {
			kept[unit] = invocation
		}
	}
	return kept
}

func (h *Host) proveBack(ctx context.Context, back release.Activation, started script.Started) error {
	proof := h.result.Proof
	defer func() { h.result.Proof = proof }() // the result keeps the proof of the requested release
	if back.IsZero() {
		return h.proveStopped(ctx)
	}
	// It was proved when it was deployed. It is enough that it answers again,
	// and a cancelled run has no time for more.
	p := h.newProof(back, started)
	p.bare = h.unmet
	return p.wait(ctx, 0, max(h.plan().Timeout, backPatience))
}

// TakeBack undoes an activation of an earlier run: it returns to what ran
// before. If that no longer works, it does not go forward again: a person has
// to decide.
func (h *Host) TakeBack(ctx context.Context, to release.Activation) {
	earlier, _ := h.seen.History.Find(to.ID)
	h.begin(h.newChange(Target{Activation: to, Version: earlier.Version, Revision: earlier.Revision, Ref: earlier.Ref, Digest: earlier.Digest}))
	undo, cancel := Undo(ctx)
	defer cancel()
	switched, proved := h.restore(undo, to, &h.change)
	h.result.Took = time.Since(h.activated)
	if IsTakenOver(switched) {
		h.outOfReach("taking "+string(h.change.From)+" back", switched)
		return
	}
	if proved != nil {
		h.tellLogs(undo)
		h.notBack(undo, "taking "+string(h.change.From)+" back", to, errors.Join(switched, proved))
		return
	}
	h.result.After = to.ID
	err := h.Conclude(undo)
	if IsTakenOver(err) {
		h.outOfReach("taking "+string(h.change.From)+" back", err)
		return
	}
	if err != nil {
		h.fail(Failed, fmt.Errorf("it runs %s, but its history could not be written: %w", to, err))
		return
	}
	h.result.Outcome = Reverted
	h.say("back on %s after %.1f s", to, h.result.Took.Seconds())
}
