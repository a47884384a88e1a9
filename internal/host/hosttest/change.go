package hosttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Activate switches the machine and waits for the proof.
func (f *Fake) Activate(ctx context.Context, to host.Target) error {
	err := f.step(ctx, StepBefore, func() error { return nil })
	if err != nil {
		undo, cancel := host.Undo(ctx)
		defer cancel()
		f.Drop(undo, to.Activation)
		return f.fail(host.Untouched, host.As(ctx, host.Commands, err))
	}
	began := time.Now()
	f.change, f.switched = f.newChange(to), true
	err = f.switchAndProve(ctx, to)
	f.result.Took = time.Since(began)
	switch {
	case errors.As(err, new(*script.Fenced)):
		f.switched = false
		return f.fail(host.Untouched, err)
	case err != nil:
		return f.fail(host.Failed, host.As(ctx, host.NotProved, err))
	}
	f.result.Outcome, f.result.After = host.Live, to.ID
	return nil
}

func (f *Fake) switchAndProve(ctx context.Context, to host.Target) error {
	err := f.step(ctx, StepSwitch, func() error {
		return f.Machine.by(f, "switching", func() {
			record := f.change
			f.Machine.change, f.Machine.current, f.Machine.running = &record, to.Activation, to.ID
			if f.Machine.Bad[to.ID] != "" {
				f.Machine.running = ""
			}
		})
	})
	if err != nil {
		return err
	}
	if err := f.step(ctx, StepProve, func() error { return f.prove(to.Activation) }); err != nil {
		return err
	}
	if err := f.step(ctx, StepAfter, func() error { return nil }); err != nil {
		return host.As(ctx, host.Commands, err)
	}
	return nil
}

// prove returns an error unless the machine runs an activation.
func (f *Fake) prove(a release.Activation) error {
	state := f.Machine.State()
	if state.Current != a {
		return fmt.Errorf("current is %s, and not %s", state.Current, a)
	}
	if state.Running != a.ID {
		return fmt.Errorf("it does not run: %s", f.Machine.Bad[a.ID])
	}
	return nil
}

func (f *Fake) fail(o host.Outcome, err error) error {
	f.result.Fail(o, err)
	return err
}

// GoBack puts the machine back to what it ran before.
func (f *Fake) GoBack(ctx context.Context, reason string) {
	if !f.switched {
		return
	}
	if f.result.Failed() {
		f.result.UnitLog = []string{"the unit log"}
	}
	back := f.change.Source()
	err := f.step(ctx, StepGoBack, func() error { return f.restore(back) })
	if f.takenOver(reason, err) {
		return
	}
	if err != nil {
		f.result.After = f.Machine.State().Current.ID
		f.fail(notBack(ctx), fmt.Errorf("%s; going back to %s failed too: %w", reason, back, err))
		return
	}
	f.result.After = back.ID
	f.change.Outcome, f.change.Reason = release.Reverted, reason
	err = f.step(ctx, StepConclude, f.conclude)
	if f.takenOver(reason, err) {
		return
	}
	if err != nil {
		f.fail(host.Failed, fmt.Errorf("%s; it is back on %s, but its history could not be written: %w", reason, back, err))
		return
	}
	f.switched = false
	f.Drop(ctx, f.change.Target())
	f.fail(host.Reverted, errors.New(reason))
}

// notBack returns the outcome of a machine whose return was not seen.
func notBack(ctx context.Context) host.Outcome {
	if ctx.Err() != nil {
		return host.GoingBack
	}
	return host.Failed
}

// takenOver notes that another run has changed the host.
func (f *Fake) takenOver(reason string, err error) bool {
	if !host.IsTakenOver(err) {
		return false
	}
	f.switched = false
	f.fail(host.Failed, fmt.Errorf("%s; %w", reason, err))
	return true
}

// restore makes an earlier activation current and runs it.
func (f *Fake) restore(a release.Activation) error {
	if err := f.regain(); err != nil {
		return err
	}
	if err := f.Machine.by(f, "going back", func() {
		f.Machine.current, f.Machine.running = a, a.ID
		if f.Machine.Bad[a.ID] != "" {
			f.Machine.running = ""
		}
	}); err != nil {
		return err
	}
	return f.prove(a)
}

func (f *Fake) conclude() error {
	if err := f.regain(); err != nil {
		return err
	}
	return f.Machine.by(f, "concluding", func() {
		f.Machine.history, f.Machine.change = append(f.Machine.history, f.change), nil
	})
}

// Conclude makes the change a part of the machine's history.
func (f *Fake) Conclude(ctx context.Context) error {
	f.change.Outcome = release.Live
	if err := f.step(ctx, StepConclude, f.conclude); err != nil {
		f.switched = !host.IsTakenOver(err)
		return err
	}
	f.switched = false
	f.seen.History = append(f.seen.History, f.change)
	return nil
}

// TakeBack returns to what ran before an earlier run.
func (f *Fake) TakeBack(ctx context.Context, to release.Activation) {
	began := time.Now()
	earlier, _ := f.seen.History.Find(to.ID)
	f.change = f.newChange(host.Target{Activation: to, Version: earlier.Version, Revision: earlier.Revision, Ref: earlier.Ref, Digest: earlier.Digest})
	f.switched = true
	undo, cancel := host.Undo(ctx)
	defer cancel()
	err := f.step(undo, StepGoBack, func() error {
		if err := f.regain(); err != nil {
			return err
		}
		record := f.change
		if err := f.Machine.by(f, "taking back", func() { f.Machine.change = &record }); err != nil {
			return err
		}
		return f.restore(to)
	})
	f.result.Took = time.Since(began)
	if f.takenOver("taking "+string(f.change.From)+" back", err) {
		return
	}
	if err != nil {
		f.result.After = f.Machine.State().Current.ID
		f.fail(notBack(undo), fmt.Errorf("taking %s back; going back to %s failed too: %w", f.change.From, to, err))
		return
	}
	f.result.After = to.ID
	err = f.Conclude(undo)
	if f.takenOver("taking "+string(f.change.From)+" back", err) {
		return
	}
	if err != nil {
		f.fail(host.Failed, fmt.Errorf("it runs %s, but its history could not be written: %w", to, err))
		return
	}
	f.result.Outcome = host.Reverted
}

// Prune removes what the plan does not keep.
func (f *Fake) Prune(ctx context.Context, target release.ID) error {
	return f.step(ctx, StepPrune, func() error {
		now := f.seen.Current
		if f.result.Outcome == host.Live {
			now = f.change.Target()
		}
		old := release.Prune(f.seen.Releases, f.seen.History, f.run.Plan.Keep, target, f.seen.Current.ID, now.ID)
		kept := slices.DeleteFunc(slices.Clone(f.seen.Releases), func(id release.ID) bool { return slices.Contains(old, id) })
		keys := release.PruneActivations(f.seen.Activations, f.seen.History, kept, now)
		if len(old)+len(keys) == 0 {
			return nil
		}
		return f.Machine.by(f, "pruning", func() {
			f.Machine.releases = slices.DeleteFunc(f.Machine.releases, func(id release.ID) bool { return slices.Contains(old, id) })
			f.Machine.envs = slices.DeleteFunc(f.Machine.envs, func(key string) bool { return slices.Contains(keys, key) })
		})
	})
}
