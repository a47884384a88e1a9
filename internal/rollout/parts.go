package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// Stage is the first half of [Deploy]: it puts a release on hosts, complete and
// verified, and leaves a note there for [Activate]. Nothing is switched.
func Stage(ctx context.Context, plan Plan, candidates []Candidate, a Artifact, log *progress.Log) (Result, error) {
	r := newRun(release.Stage, plan, candidates, log)
	defer r.part()
	err := r.stageAndNote(ctx, a)
	return r.result(err), err
}

func (r *run) stageAndNote(ctx context.Context, a Artifact) error {
	if err := r.stageEverywhere(ctx, a); err != nil {
		return err
	}
	note := release.Staged{
		To: r.outcome.Target, Version: r.outcome.Version, Revision: r.outcome.Revision, Ref: r.outcome.Ref,
		Forced: r.plan.Force, Superseded: r.outcome.Notice,
	}
	each(r.hosts.healthy(), func(m *member) {
		if err := m.Note(ctx, note); err != nil {
			m.fail(host.Untouched, err)
		} else if r.outcome.Became == "" {
			m.Result().Outcome = host.Staged
		}
	})
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	if r.outcome.Became == "" {
		r.outcome.Became = BecameStaged
	}
	return nil
}

// Activate is the second half of [Deploy]: it makes hosts run a release that was
// staged there. It needs no build host. No lock was held in between, so a host on
// which something else has become current is refused.
func Activate(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) (Result, error) {
	r := newRun(release.Activate, plan, candidates, log)
	defer r.part()
	err := r.activateStaged(ctx)
	return r.result(err), err
}

func (r *run) activateStaged(ctx context.Context) error {
	id := r.plan.Target
	r.aim(Version{ID: id})
	r.meet(ctx, host.Question{Staged: id})
	superseded := r.readNotes(id)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	if superseded != "" {
		r.outcome.Became, r.outcome.Notice = BecameSuperseded, superseded
		return nil
	}
	r.hosts.healthy().repair(ctx)
	r.verifyAll(ctx, id)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	return r.activateAndPrune(ctx)
}

// readNotes takes from the hosts what the run that staged the release has noted. It
// returns why the release is not to be activated, empty if it is.
func (r *run) readNotes(id release.ID) (superseded string) {
	for _, m := range r.hosts.healthy() {
		staged, err := expected(m.Seen(), id, r.plan.Expect)
		if err != nil {
			r.refuse(m, err)
			continue
		}
		r.aim(Version{id, staged.Version, staged.Revision, staged.Ref})
		r.plan.Force = staged.Forced
		if staged.Superseded != "" {
			superseded = staged.Superseded
		}
	}
	return superseded
}

// verifyAll makes sure that what was staged is still what was built.
func (r *run) verifyAll(ctx context.Context, id release.ID) {
	each(r.hosts.healthy(), func(m *member) {
		if err := m.Verify(ctx, id); err != nil {
			r.refuse(m, err)
		}
	})
}

// expected compares what is current with what has to be: the plan's word if it has
// one, else what the run that staged the release saw. A host that runs the release
// already is where it should be.
func expected(seen host.Seen, id release.ID, given config.Expected) (release.Staged, error) {
	now := seen.Settled()
	if seen.Staged == "" {
		return release.Staged{}, fmt.Errorf("release %s was not staged here: run stage first", id)
	}
	staged, err := release.ParseStaged(seen.Staged, id)
	switch {
	case err != nil:
		return staged, errors.Join(err, errors.New("run stage again"))
	case now.ID == id:
	case given.Given && now.ID != given.ID:
		return staged, fmt.Errorf("current is %s, and %s is expected: something else was deployed; nothing was changed here", now, words.OrNothing(given.ID))
	case !given.Given && now != staged.Source():
		return staged, fmt.Errorf("current is %s, and was %s when %s was staged: something else was deployed since then; stage it again", now, staged.Source(), id)
	}
	return staged, nil
}
