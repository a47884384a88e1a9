package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/words"
)

// activateAll makes the hosts run the staged release: the first host alone,
// then the others in batches, so that most hosts keep serving. If more hosts
// fail than are allowed to, all go back.
func (r *run) activateAll(ctx context.Context) error {
	defer r.log.Phase("Activate %s", r.outcome.Target)()
	due := r.prepareAll(ctx)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		due.drop(ctx)
		return err
	}
	if err := r.once(ctx, due); err != nil {
		due.drop(ctx)
		return err
	}
	batches := gatekept(due, r.plan.Parallel)
	for i, batch := range batches {
		if i > 0 {
			r.pause(ctx)
		}
		if culprit := r.activateBatch(ctx, batch, i == 0); culprit != nil {
			return r.goBack(ctx, batches, culprit)
		}
	}
	return r.concludeAll(ctx)
}

// gatekept returns the first host alone, then the other hosts in batches: a
// release that does not work costs only one host.
func gatekept(hosts fleet, share config.Share) []fleet {
	if len(hosts) == 0 {
		return nil
	}
	rest := slices.Chunk(hosts[1:], share.Of(len(hosts)))
	return append([]fleet{hosts[:1]}, slices.Collect(rest)...)
}

// prepareAll puts launchers and environments into place. It returns the hosts
// that do not run the activation yet.
func (r *run) prepareAll(ctx context.Context) fleet {
	each(r.hosts.healthy(), func(m *member) {
		to, runs, err := m.Prepare(ctx, r.outcome.Target)
		if err != nil {
			r.refuse(m, host.As(ctx, host.NotStaged, err))
			return
		}
		m.to = to
		if runs {
			m.Result().Outcome = host.Unchanged
			r.log.Say(m.Name(), "runs %s already: nothing to change", to)
		}
	})
	return r.hosts.healthy().only(func(m *member) bool { return m.Result().Outcome != host.Unchanged })
}

// once runs the commands and migrations that one host runs before any is
// switched.
func (r *run) once(ctx context.Context, due fleet) error {
	if len(due) == 0 {
		return nil
	}
	m := due[0]
	migrated, err := m.Once(ctx, r.target(m.to))
	if migrated {
		r.outcome.Migrated = m.Name()
	}
	if err != nil {
		m.fail(host.Untouched, host.As(ctx, host.Commands, err))
		return r.failed("nothing was switched on any host")
	}
	return nil
}

// activateBatch returns the host whose failure makes all hosts go back, if
// there is one. A host that is allowed to fail goes back alone.
func (r *run) activateBatch(ctx context.Context, batch fleet, first bool) (culprit *member) {
	if ctx.Err() != nil {
		batch[0].fail(host.Untouched, host.As(ctx, host.Cancelled, errCancelled))
		return batch[0]
	}
	eachOf(len(batch), batch, func(m *member) { m.Activate(ctx, r.target(m.to)) })
	failed := batch.only((*member).failed)
	if len(failed) == 0 {
		return nil
	}
	if first || ctx.Err() != nil || !r.mayGoOn() {
		return failed[0]
	}
	undo, cancel := host.Undo(ctx)
	defer cancel()
	each(failed, func(m *member) { m.GoBack(undo, m.Result().Problem) })
	r.log.Notice(fmt.Sprintf("%s failed; max-failures allows %d", failed.names(), r.plan.MaxFailures))
	return nil
}

// notConcluded notes a host whose history was not written. If another run has
// taken the host over, it is not known to run anything of this run.
func (m *member) notConcluded(what string, err error) {
	if !host.IsTakenOver(err) {
		err = fmt.Errorf("it runs %s, but its history could not be written: %w", what, err)
	}
	m.fail(host.Failed, host.Of(host.Unrecorded, err))
}

// concludeAll writes the histories once every host is proved. Until then each
// host has its change record. If the run dies, the next run undoes it.
func (r *run) concludeAll(ctx context.Context) error {
	allowed := r.hosts.failures()
	each(r.hosts.healthy().only((*member).Switched), func(m *member) {
		undo, cancel := host.Undo(ctx)
		defer cancel()
		if err := m.Conclude(undo); err != nil {
			m.notConcluded("the new release", err)
		}
	})
	unknown := slices.ContainsFunc(r.hosts, func(m *member) bool { return m.Result().Outcome == host.Failed })
	if unknown || r.hosts.failures() > allowed {
		return r.failed("")
	}
	if allowed > 0 {
		r.outcome.Became = BecamePartial
		r.outcome.Notice = fmt.Sprintf("%s of %d %s, as max-failures allows", words.Count(allowed, "host"), len(r.hosts),
			words.Plural(allowed, "stays on what it ran", "stay on what they ran"))
		r.log.Notice(r.outcome.Notice)
	}
	return nil
}
