package hosttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Fake is a machine as seen by one run.
type Fake struct {
	Machine *Machine
	Faults  []Fault
	Killed  func() bool // reports whether the run has been killed; never nil

	run      *host.Run
	seen     host.Seen
	result   host.Result
	change   release.Change
	switched bool
	frozen   bool   // the run stood still until it had lost the lock
	Trail    []Step // the steps that have begun
}

// New returns the machine for a run.
func New(m *Machine, run *host.Run, faults ...Fault) *Fake {
	return &Fake{
		Machine: m, Faults: faults, Killed: func() bool { return false }, run: run,
		result: host.Result{Host: m.Name, Outcome: host.Untouched},
	}
}

func (f *Fake) Name() string         { return f.Machine.Name }
func (f *Fake) HasArtifact() bool    { return f.Machine.HasArtifact }
func (f *Fake) Seen() host.Seen      { return f.seen }
func (f *Fake) Result() *host.Result { return &f.result }
func (f *Fake) Switched() bool       { return f.switched }

func (f *Fake) Connect(ctx context.Context) error {
	return f.step(ctx, StepConnect, func() error { return nil })
}

// Expect does nothing: a fake answers at once.
func (f *Fake) Expect(context.Context, host.Question) {}

func (f *Fake) Lock(ctx context.Context, patience time.Duration) error {
	return f.step(ctx, StepLock, func() error {
		timer := time.NewTimer(max(0, patience))
		defer timer.Stop()
		select {
		case f.Machine.lock <- struct{}{}:
			f.hold(f)
			return nil
		default:
		}
		if other := f.Machine.heldBy(f.run); other != "" {
			return &script.Same{Name: other, Err: fmt.Errorf("this is the same machine and directory as %s: name it once", other)}
		}
		select {
		case f.Machine.lock <- struct{}{}:
			f.hold(f)
			return nil
		case <-timer.C:
			return &script.Held{Holder: "another run", Err: errors.New("held by another run")}
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func (f *Fake) hold(holder *Fake) {
	f.Machine.mu.Lock()
	defer f.Machine.mu.Unlock()
	f.Machine.holder = holder
}

func (f *Fake) Unlock() {
	f.Machine.mu.Lock()
	mine := f.Machine.holder == f
	if mine {
		f.Machine.holder = nil
	}
	f.Machine.mu.Unlock()
	if mine {
		<-f.Machine.lock
	}
}

// Freeze makes the machine take the lock from a run, as if the run had stood
// still for too long. The run does not notice.
func (f *Fake) Freeze() {
	f.Unlock()
	f.Machine.mu.Lock()
	defer f.Machine.mu.Unlock()
	f.frozen = true
}

// Ask finds out what the machine runs, if the run has lost its lock.
func (f *Fake) Ask(context.Context) {
	f.Machine.mu.Lock()
	defer f.Machine.mu.Unlock()
	if f.frozen && f.Machine.holder != f && !f.seen.At.IsZero() {
		f.result.After = f.Machine.current.ID
	}
}

// regain takes a lock again that the run lost while it stood still.
func (f *Fake) regain() error {
	m := f.Machine
	m.mu.Lock()
	fine := m.holder == f || !f.frozen
	m.mu.Unlock()
	if fine {
		return nil
	}
	select {
	case m.lock <- struct{}{}:
		f.hold(f)
	default:
		f.result.After = m.State().Current.ID
		return host.ErrTakenOver
	}
	now := m.State()
	switch {
	case now.Change != nil && now.Change.Key == f.run.Key:
		return nil
	case now.Change == nil && now.Current == f.change.Source() && now.History.LastKey() == f.seen.History.LastKey():
		return nil
	}
	f.result.After = now.Current.ID
	return host.ErrTakenOver
}

func (f *Fake) Close() error {
	f.Unlock()
	return nil
}

func (f *Fake) Look(ctx context.Context, q host.Question) error {
	return f.step(ctx, StepLook, func() error {
		f.seen = f.Machine.seen(f, q)
		f.seen.At = time.Now()
		f.result.Before, f.result.After = f.seen.Current.ID, f.seen.Current.ID
		if q.List {
			return nil
		}
		return errors.Join(f.seen.Impossible(), f.Machine.Findings, f.compare(q))
	})
}

// compare refuses a release if the machine has another one with the same ID.
func (f *Fake) compare(q host.Question) error {
	if q.Release == nil {
		f.seen.Digest = f.Machine.digest(q.Staged)
		return nil
	}
	want, err := q.Release.Digest()
	id := q.Release.ReleaseID
	f.seen.Digest = f.Machine.digest(id)
	c, _ := f.seen.History.Find(id)
	for _, has := range []release.Digest{f.seen.Digest, c.Digest} {
		if has != "" && has != want {
			return errors.Join(err, host.Of(host.Differs, fmt.Errorf("release %s is on this host with other contents", id)))
		}
	}
	return err
}

func (f *Fake) Repair(ctx context.Context) error {
	if f.seen.Change == nil {
		return nil
	}
	return f.step(ctx, StepRepair, func() error {
		if f.seen.Dead() == nil {
			return f.Machine.by(f, "forgetting a change", func() { f.Machine.change = nil })
		}
		record := *f.seen.Change
		record.Outcome, record.Reason = release.Interrupted, "the run ended in the middle of the change"
		if err := f.Machine.by(f, "repairing", func() {
			f.Machine.current, f.Machine.running = record.Source(), record.From
			f.Machine.history, f.Machine.change = append(f.Machine.history, record), nil
		}); err != nil {
			return err
		}
		f.seen.Current, f.seen.Units[0].Running = record.Source(), record.From
		f.seen.History = append(f.seen.History, record)
		f.result.Before, f.result.After = record.From, record.From
		return nil
	})
}

func (f *Fake) Fits(m release.Manifest) error {
	if f.Machine.Small {
		return errors.New("there is no room")
	}
	return f.compare(host.Question{Release: &m})
}

func (f *Fake) Stage(ctx context.Context, from host.Source) error {
	id := from.Manifest().ReleaseID
	digest, err := from.Manifest().Digest()
	if err != nil {
		return err
	}
	return f.step(ctx, StepStage, func() error {
		if slices.Contains(f.seen.Releases, id) {
			return nil
		}
		if !f.HasArtifact() {
			p, err := from.Open(f.Name(), false)
			if err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, p.Data); err != nil {
				return err
			}
		}
		if err := f.Machine.by(f, "staging", func() { f.Machine.add(id, digest) }); err != nil {
			return err
		}
		f.seen.Releases = append(f.seen.Releases, id)
		return nil
	})
}

// CurrentManifest returns an error: the fake has no files.
func (f *Fake) CurrentManifest(context.Context) (release.Manifest, error) {
	return release.Manifest{}, errors.New("the fake has no manifest")
}

func (f *Fake) Verify(ctx context.Context, id release.ID) error {
	return f.step(ctx, StepVerify, func() error { return f.complete(release.Activation{ID: id}) })
}

func (f *Fake) Note(ctx context.Context, s release.Staged) error {
	return f.step(ctx, StepNote, func() error {
		s.Key, s.From, s.FromEnv = f.run.Key, f.seen.Current.ID, f.seen.Current.Env
		line, err := s.JSON()
		if err != nil {
			return err
		}
		return f.Machine.by(f, "noting", func() { f.Machine.staged = string(line) })
	})
}

func (f *Fake) Prepare(ctx context.Context, id release.ID) (to release.Activation, runs bool, err error) {
	err = f.step(ctx, StepPrepare, func() (err error) {
		to = release.Activation{ID: id}
		given := f.run.Plan.Env != nil && f.run.Plan.Env.Shell() != ""
		kept := f.run.Plan.Env == nil && f.seen.Current.Env != ""
		if kept && f.seen.Current.ID == id {
			to = f.seen.Current // nothing changes
		} else if given || kept {
			to.Env, err = f.addEnv()
		} else {
			err = f.Machine.by(f, "preparing", func() {}) // the launcher
		}
		runs = err == nil && f.Runs(ctx, to)
		return err
	})
	return to, runs, err
}

func (f *Fake) addEnv() (key string, err error) {
	key = f.run.Key
	err = f.Machine.by(f, "delivering an environment", func() { f.Machine.envs = append(f.Machine.envs, key) })
	if err == nil {
		f.seen.Activations = append(f.seen.Activations, key)
	}
	return key, err
}

func (f *Fake) Drop(ctx context.Context, a release.Activation) {
	if a.Env != f.run.Key {
		return
	}
	f.step(ctx, StepDrop, func() error {
		return f.Machine.by(f, "dropping an environment", func() {
			f.Machine.envs = slices.DeleteFunc(f.Machine.envs, func(key string) bool { return key == a.Env })
		})
	})
}

func (f *Fake) Once(ctx context.Context, to host.Target) (migrated bool, err error) {
	if f.run.Plan.Once == "" && f.run.Plan.Migrate == "" {
		return false, nil
	}
	err = f.step(ctx, StepOnce, func() error {
		if f.run.Plan.Migrate == "" {
			return f.Machine.by(f, "commands", func() {})
		}
		c := f.newChange(to)
		c.Key, c.Verb, c.Outcome = c.Key+".migrate", release.Migrate, release.Started
		if err := f.Machine.by(f, "migrating", func() { f.Machine.history = append(f.Machine.history, c) }); err != nil {
			return err
		}
		migrated = true
		f.seen.History = append(f.seen.History, c)
		return nil
	})
	return migrated, err
}

func (f *Fake) newChange(to host.Target) release.Change {
	verb := f.run.Verb
	if verb == release.Activate {
		verb = release.Deploy
	}
	return release.Change{
		Key: f.run.Key, At: f.run.Began.UTC().Truncate(time.Second), Verb: verb,
		From: f.seen.Current.ID, FromEnv: f.seen.Current.Env, To: to.ID, ToEnv: to.Env,
		Version: to.Version, Revision: to.Revision, Ref: to.Ref, Digest: to.Digest, Forced: to.Forced, Who: f.run.Plan.Who, Run: f.run.Plan.RunURL,
	}
}

func (f *Fake) Runs(_ context.Context, a release.Activation) bool {
	return f.seen.Current == a && f.seen.Running() == a.ID && slices.Contains(f.seen.History.Stack(), a)
}

func (f *Fake) Usable(ctx context.Context, a release.Activation) error {
	return f.step(ctx, StepVerify, func() error { return f.complete(a) })
}

func (f *Fake) complete(a release.Activation) error {
	state := f.Machine.State()
	switch {
	case !slices.Contains(state.Releases, a.ID):
		return fmt.Errorf("release %s is not on this host", a.ID)
	case a.Env != "" && !slices.Contains(state.Envs, a.Env):
		return fmt.Errorf("the environment of release %s is not on this host", a.ID)
	}
	return nil
}

func (f *Fake) Adopt(ctx context.Context, a release.Activation) (release.Activation, error) {
	if _, live := f.seen.History.LatestOf(a.ID); live || f.seen.Current.Env == "" {
		return a, nil
	}
	err := f.step(ctx, StepAdopt, func() (err error) {
		a.Env, err = f.addEnv()
		return err
	})
	return a, err
}
