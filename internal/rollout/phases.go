package rollout

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
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
	each(r.healthy(), func(h *host) {
		if err := r.note(ctx, h); err != nil {
			h.fail(Untouched, fmt.Errorf("noting that the release is staged: %w", err))
		} else if r.outcome.Became == "" {
			h.result.Outcome = Staged
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

func (r *run) noteFile(id release.ID) string { return path.Join(r.plan.Layout.Metadata(id), "staged") }

func (r *run) note(ctx context.Context, h *host) error {
	from := h.seen.Current
	line, err := release.Staged{
		Key: r.key, From: from.ID, FromEnv: from.Env, To: r.outcome.Target,
		Version: r.outcome.Version, Revision: r.outcome.Revision, Ref: r.outcome.Ref, Forced: r.plan.Force, Superseded: r.outcome.Notice,
	}.JSON()
	if err != nil {
		return err
	}
	return h.WriteFile(ctx, r.noteFile(r.outcome.Target), append(line, '\n'))
}

// Activate is the second half of [Deploy]: it makes hosts run a release that was
// staged there. It needs no build host, and no lock has been held in between; so
// a host on which something else became current since then is refused.
func Activate(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) (Result, error) {
	r := newRun(release.Activate, plan, candidates, log)
	defer r.part()
	err := r.activateStaged(ctx)
	return r.result(err), err
}

func (r *run) activateStaged(ctx context.Context) error {
	id := r.plan.Target
	r.outcome.Target = id
	r.meet(ctx, needs{staged: id})
	superseded := ""
	for _, h := range r.healthy() {
		staged, err := expected(h, id, r.plan.Expect)
		if err != nil {
			h.fail(Untouched, err)
			r.log.Say(h.name, "%v", err)
			continue
		}
		r.outcome.Version, r.outcome.Revision, r.outcome.Ref, r.plan.Force = staged.Version, staged.Revision, staged.Ref, staged.Forced
		if staged.Superseded != "" {
			superseded = staged.Superseded
		}
	}
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	if superseded != "" {
		r.outcome.Became, r.outcome.Notice = BecameSuperseded, superseded
		return nil
	}
	r.repairAll(ctx)
	r.recheckAll(ctx, id)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	if err := r.activateAll(ctx, id); err != nil {
		return err
	}
	r.pruneAll(context.WithoutCancel(ctx), id)
	return nil
}

// recheckAll makes sure that what was staged is still what was built.
func (r *run) recheckAll(ctx context.Context, id release.ID) {
	each(r.healthy(), func(h *host) {
		if err := r.timed(h, PhaseVerify, func() error { return r.recheck(ctx, h, id) }); err != nil {
			h.fail(Untouched, err)
			r.log.Say(h.name, "%v", err)
		}
	})
}

// expected compares what is current with what has to be: what was given, else
// what the run that staged the release saw. A host that runs the release already
// is where it should be.
func expected(h *host, id release.ID, given Expected) (release.Staged, error) {
	now := h.settled()
	if h.seen.Staged == "" {
		return release.Staged{}, fmt.Errorf("release %s was not staged here: run stage first", id)
	}
	staged, err := release.ParseStaged(h.seen.Staged, id)
	switch {
	case err != nil:
		return staged, errors.Join(err, errors.New("run stage again"))
	case now.ID == id:
	case given.Given && now.ID != given.ID:
		return staged, fmt.Errorf("current is %s, and %s is expected: something else was deployed; nothing was changed here", now, orNothing(given.ID))
	case !given.Given && now != staged.Source():
		return staged, fmt.Errorf("current is %s, and was %s when %s was staged: something else was deployed since then; stage it again", now, staged.Source(), id)
	}
	return staged, nil
}

// settled is what is current, or will be again once a change that a dead run
// left is taken back.
func (h *host) settled() release.Activation {
	if dead := h.seen.Change; dead != nil && !h.seen.History.Has(dead.Key) {
		return dead.Source()
	}
	return h.seen.Current
}
