package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Deploy stages a release on all hosts and, once it is complete on every one of
// them, makes it run on one after the other. A failure at any point leaves all
// hosts on what they ran before. The error says what failed; the result says it
// host by host.
func Deploy(ctx context.Context, plan Plan, candidates []Candidate, a Artifact, log *progress.Log) (Result, error) {
	r := newRun(release.Deploy, plan, candidates, log)
	defer r.part()
	m := a.Manifest()
	r.outcome.Target, r.outcome.Version, r.outcome.Revision = m.ReleaseID, m.Version, m.Revision
	err := r.deploy(ctx, a, m)
	return r.result(err), err
}

func (r *run) deploy(ctx context.Context, a Artifact, m release.Manifest) error {
	r.meet(ctx, needsOf(m))
	superseded := r.judge(ctx, a, m)
	if err := r.stopIfAnyFailed(ctx); err != nil {
		return err
	}
	if superseded {
		r.outcome.Became = BecameSuperseded
		r.log.Notice("nothing is deployed: " + r.outcome.Notice)
	}
	if r.plan.DryRun {
		if !superseded {
			r.outcome.Became, r.outcome.Plan = BecamePlan, r.plan.steps(release.Deploy, m)
		}
		return nil
	}
	r.repairAll(ctx)
	if err := r.stopIfAnyFailed(ctx); err != nil || superseded {
		return err
	}
	r.stageAll(ctx, a, m)
	if err := r.stopIfAnyFailed(ctx); err != nil {
		return err
	}
	if err := r.activateAll(ctx, m); err != nil {
		return err
	}
	r.pruneAll(context.WithoutCancel(ctx), m.ReleaseID)
	return nil
}

// stopIfAnyFailed ends a run in which nothing was switched yet.
func (r *run) stopIfAnyFailed(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cancelled before anything was switched: %w", err)
	}
	if err := r.problems(); err != nil {
		return fmt.Errorf("nothing was switched on any host:\n%w", err)
	}
	return nil
}

// activateAll switches the hosts one after the other, so that the others go on
// serving, and puts all of them back if one fails.
func (r *run) activateAll(ctx context.Context, m release.Manifest) error {
	defer r.log.Phase("Activate %s", m.ReleaseID)()
	for _, h := range r.hosts {
		if err := r.activateOne(ctx, h, m.ReleaseID); err != nil {
			return r.goBack(ctx, h, err)
		}
	}
	return r.concludeAll(ctx)
}

func (r *run) activateOne(ctx context.Context, h *host, id release.ID) error {
	to, same, err := script.Prepare(ctx, h, r.plan.Layout, id, r.key, r.environment(h))
	if err != nil {
		return h.fail(Untouched, err)
	}
	if same {
		to = h.seen.Current
	} else if to.Env != "" {
		h.seen.Activations = append(h.seen.Activations, to.Env)
	}
	if same && r.runsAlready(ctx, h, to) {
		h.result.Outcome = Unchanged
		r.log.Say(h.name, "runs %s already: nothing to change", to)
		return nil
	}
	return r.activate(ctx, h, to)
}

func (r *run) environment(h *host) script.Environment {
	if r.plan.Environment == nil {
		return script.Environment{Keep: h.seen.Current.Env}
	}
	return script.Environment{Given: true, Text: *r.plan.Environment}
}

func (r *run) runsAlready(ctx context.Context, h *host, a release.Activation) bool {
	if h.seen.Current != a || !slices.Contains(h.seen.History.Stack(), a) {
		return false
	}
	return r.newProof(h, a, nil).look(ctx) == nil
}

// concludeAll writes the histories once every host is proved. Until then each
// host has its change record, and a run that dies is undone by the next one.
func (r *run) concludeAll(ctx context.Context) error {
	ctx, cancel := undoContext(ctx)
	defer cancel()
	each(r.hosts, func(h *host) {
		if !h.switched {
			return
		}
		if err := r.conclude(ctx, h); err != nil {
			h.fail(Failed, fmt.Errorf("it runs the new release, but its history could not be written: %w; run the same deploy again", err))
		}
	})
	return r.problems()
}

// goBack reverts every switched host, the last one first; after a cancel all at
// once, since seconds are left.
func (r *run) goBack(ctx context.Context, culprit *host, cause error) error {
	undo, cancel := undoContext(ctx)
	defer cancel()
	var switched []*host
	for _, h := range slices.Backward(r.hosts) {
		if h.switched {
			switched = append(switched, h)
		} else if !h.failed() && h.result.Outcome == Untouched {
			h.fail(Skipped, fmt.Errorf("not switched, because %s failed", culprit.name))
		}
	}
	if len(switched) > 0 {
		r.log.Say("", "putting every switched host back to what it ran before")
	}
	revert := func(h *host) {
		reason := cause.Error()
		if h != culprit {
			reason = fmt.Sprintf("%s failed: %s", culprit.name, reason)
		}
		r.revert(undo, h, reason)
	}
	if ctx.Err() != nil {
		each(switched, revert)
	} else {
		for _, h := range switched {
			revert(h)
		}
	}
	return fmt.Errorf("%s: %s", culprit.name, culprit.result.Problem)
}
