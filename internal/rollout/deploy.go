package rollout

import (
	"context"
	"slices"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Deploy stages a release on all hosts and, once it is complete on every one of
// them, makes it run on them, batch by batch. A failure at any point leaves all
// hosts on what they ran before, unless the plan allows some to fail. The error
// says what failed; the result says it host by host.
func Deploy(ctx context.Context, plan Plan, candidates []Candidate, a Artifact, log *progress.Log) (Result, error) {
	r := newRun(release.Deploy, plan, candidates, log)
	defer r.part()
	err := r.deploy(ctx, a)
	return r.result(err), err
}

func (r *run) deploy(ctx context.Context, a Artifact) error {
	if err := r.stageEverywhere(ctx, a); err != nil || r.outcome.Became != "" {
		return err
	}
	if err := r.activateAll(ctx, r.outcome.Target); err != nil {
		return err
	}
	r.pruneAll(context.WithoutCancel(ctx), r.outcome.Target)
	return nil
}

// stageEverywhere is everything before the first switch. What the run has become
// is set if it ends here.
func (r *run) stageEverywhere(ctx context.Context, a Artifact) error {
	m := a.Manifest()
	r.outcome.Target, r.outcome.Version, r.outcome.Revision, r.outcome.Ref = m.ReleaseID, m.Version, m.Revision, m.Ref
	r.meet(ctx, needsOf(m))
	superseded := r.judge(ctx, a, m)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
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
	if err := r.stopIfTooManyFailed(ctx); err != nil || superseded {
		return err
	}
	r.stageAll(ctx, a, m)
	return r.stopIfTooManyFailed(ctx)
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
