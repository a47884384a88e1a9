package rollout

import (
	"context"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// Deploy stages a release on all hosts. Once every host has all of it, Deploy
// switches them to it in batches. A failure at any point leaves all hosts on
// what they ran before, unless the plan allows some to fail. The error says
// what failed; the result says what happened to each host.
func Deploy(ctx context.Context, plan Plan, candidates []Candidate, a Artifact, log *progress.Log) (Result, error) {
	r := newRun(release.Deploy, plan, candidates, log)
	return r.end(ctx, r.deploy(ctx, a))
}

// end returns the result of a run. A successful run removes old releases after
// that, if there is somebody who carries it out.
func (r *run) end(ctx context.Context, err error) (Result, error) {
	prune := func() { r.pruneAll(context.WithoutCancel(ctx)) }
	if !r.prunes || r.plan.Later == nil {
		defer r.part()
		if r.prunes {
			prune()
		}
		return r.result(ctx, err), err
	}
	res := r.result(ctx, err)
	r.plan.Later(func() {
		defer r.part()
		prune()
	})
	return res, err
}

func (r *run) deploy(ctx context.Context, a Artifact) error {
	if err := r.stageEverywhere(ctx, a); err != nil || r.outcome.Became != "" {
		return err
	}
	return r.activateAndPrune(ctx)
}

// activateAndPrune runs the deploy from the first switch on.
func (r *run) activateAndPrune(ctx context.Context) error {
	err := r.activateAll(ctx)
	r.prunes = err == nil
	return err
}

// stageEverywhere runs the deploy up to the first switch. If the run ends
// there, it sets the run's result.
func (r *run) stageEverywhere(ctx context.Context, a Artifact) error {
	m := a.Manifest()
	digest, err := m.Digest()
	if err != nil {
		return err
	}
	r.aim(Version{m.ReleaseID, m.Version, m.Revision, m.Ref})
	r.outcome.Digest = digest
	r.meet(ctx, host.Question{Release: &m})
	superseded := r.judge(ctx, a)
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
	r.hosts.healthy().repair(ctx)
	if err := r.stopIfTooManyFailed(ctx); err != nil || superseded {
		return err
	}
	r.stageAll(ctx, a)
	return r.stopIfTooManyFailed(ctx)
}

// stageAll stages the release on all hosts, and notes in each result why that
// failed.
func (r *run) stageAll(ctx context.Context, a Artifact) {
	id, hosts := r.outcome.Target, r.hosts.healthy()
	defer r.log.Phase("Stage %s on %s", id, words.Count(len(hosts), "host"))()
	r.sendTo(ctx, a, hosts, func(m *member, s *spool) error { return m.Stage(ctx, s) }, func(m *member, err error) {
		r.refuse(m, host.As(ctx, host.NotStaged, err))
	})
}

// sendTo runs stage for the hosts, which share one spool of the release.
func (r *run) sendTo(ctx context.Context, a Artifact, hosts fleet, stage func(*member, *spool) error, failed func(*member, error)) {
	s := newSpool(ctx, a, r.log)
	defer s.Close()
	s.expect(hosts)
	each(hosts, func(m *member) {
		err := stage(m, s)
		s.finish(m.Name(), err)
		if err != nil {
			failed(m, err)
		}
	})
}

// pruneAll removes old releases. A failure is only a notice about the host.
func (r *run) pruneAll(ctx context.Context) {
	defer r.log.Phase("Prune, keeping %s", words.Count(r.plan.Keep, "release"))()
	each(r.hosts.healthy(), func(m *member) {
		if err := m.Prune(ctx, r.outcome.Target); err != nil {
			r.log.Notice(m.Name() + ": old releases were not removed: " + err.Error())
		}
	})
}
