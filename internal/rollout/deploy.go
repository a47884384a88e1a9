package rollout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
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
	r := newRun(plan, candidates, log)
	defer r.part()
	m := a.Manifest()
	err := r.deploy(ctx, a, m)
	return r.result(release.Deploy, m.ReleaseID, m.Version, m.Revision), err
}

func (r *run) deploy(ctx context.Context, a Artifact, m release.Manifest) error {
	r.prepare(ctx, release.Deploy)
	r.checkRoom(m)
	if err := r.stopIfAnyFailed(ctx); err != nil {
		return err
	}
	r.repairAll(ctx)
	if err := r.stopIfAnyFailed(ctx); err != nil {
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

func (r *run) checkRoom(m release.Manifest) {
	for _, h := range r.healthy() {
		if slices.Contains(h.seen.Releases, m.ReleaseID) {
			continue
		}
		if err := errors.Join(roomFor(m, h.seen)...); err != nil {
			h.fail(Untouched, err)
		}
	}
}

// repairAll reports whether there was anything to repair.
func (r *run) repairAll(ctx context.Context) bool {
	found := false
	for _, h := range r.healthy() {
		found = found || h.seen.Change != nil
	}
	each(r.healthy(), func(h *host) {
		if err := r.repair(ctx, h); err != nil {
			h.fail(Failed, err)
		}
	})
	return found
}

func (r *run) stageAll(ctx context.Context, a Artifact, m release.Manifest) {
	defer r.log.Phase("Stage %s on %s", m.ReleaseID, count(len(r.hosts), "host"))()
	each(r.hosts, func(h *host) {
		if err := r.stage(ctx, h, a, m); err != nil {
			h.fail(Untouched, err)
			r.log.Say(h.name, "%v", err)
		}
	})
}

// stage makes sure that the release lies on the host, complete and verified.
func (r *run) stage(ctx context.Context, h *host, a Artifact, m release.Manifest) error {
	if slices.Contains(h.seen.Releases, m.ReleaseID) {
		err := r.recheck(ctx, h, m.ReleaseID)
		if err == nil {
			r.log.Say(h.name, "has it already, verified")
			return nil
		}
		if h.seen.Current == m.ReleaseID || h.seen.Running == m.ReleaseID {
			return fmt.Errorf("%w; it is the running release: build and deploy a new one", err)
		}
		if _, err := script.Prune(ctx, h, r.plan.Layout, []release.ID{m.ReleaseID}); err != nil {
			return err
		}
	}
	if err := r.describe(ctx, h, m); err != nil {
		return err
	}
	if err := r.send(ctx, h, a, m.ReleaseID); err != nil {
		return err
	}
	h.seen.Releases = append(h.seen.Releases, m.ReleaseID)
	r.log.Say(h.name, "staged and verified: %d entries, %.1f MB", len(m.Files), float64(m.Size())/1e6)
	return nil
}

// recheck verifies a release that lies on the host.
func (r *run) recheck(ctx context.Context, h *host, id release.ID) error {
	out := r.log.Output(h.name)
	defer out.Close()
	return script.Recheck(ctx, h, r.plan.Layout, id, out)
}

// describe puts the lists that the release is verified against on the host.
func (r *run) describe(ctx context.Context, h *host, m release.Manifest) error {
	manifest, err := m.JSON()
	if err != nil {
		return err
	}
	dir := r.plan.Layout.Metadata(m.ReleaseID)
	return errors.Join(
		h.WriteFile(ctx, path.Join(dir, "manifest.json"), manifest),
		h.WriteFile(ctx, path.Join(dir, "listing"), []byte(m.Listing())),
		h.WriteFile(ctx, path.Join(dir, "checksums"), []byte(m.Checksums())),
	)
}

// send streams the release from the build host into the host.
func (r *run) send(ctx context.Context, h *host, a Artifact, id release.ID) error {
	out := r.log.Output(h.name)
	defer out.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, w := io.Pipe()
	go func() { w.CloseWithError(a.Export(ctx, w)) }()
	err := script.Stage(ctx, h, r.plan.Layout, id, in, out)
	in.Close()
	return err
}

// activateAll switches the hosts one after the other, so that the others go on
// serving, and puts all of them back if one fails.
func (r *run) activateAll(ctx context.Context, m release.Manifest) error {
	defer r.log.Phase("Activate %s", m.ReleaseID)()
	for _, h := range r.hosts {
		if r.runsAlready(ctx, h, m.ReleaseID) {
			h.result.Outcome = Unchanged
			r.log.Say(h.name, "runs %s already: nothing to change", m.ReleaseID)
			continue
		}
		change := r.newChange(h, release.Deploy, m.ReleaseID, m.Version, m.Revision)
		if err := r.activate(ctx, h, change); err != nil {
			return r.goBack(ctx, h, err)
		}
	}
	return r.concludeAll(ctx)
}

func (r *run) runsAlready(ctx context.Context, h *host, id release.ID) bool {
	if h.seen.Current != id || h.seen.Running != id || !slices.Contains(h.seen.History.Stack(), id) {
		return false
	}
	_, err := r.look(ctx, h, id, nil)
	return err == nil
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
	r.log.Say("", "putting every switched host back to what it ran before")
	var switched []*host
	for _, h := range slices.Backward(r.hosts) {
		if h.switched {
			switched = append(switched, h)
		} else if !h.failed() && h.result.Outcome == Untouched {
			h.fail(Skipped, fmt.Errorf("not switched, because %s failed", culprit.name))
		}
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

// pruneAll removes old releases. That it cannot is worth a notice and no more.
func (r *run) pruneAll(ctx context.Context, target release.ID) {
	defer r.log.Phase("Prune, keeping %s", count(r.plan.Keep, "release"))()
	each(r.hosts, func(h *host) {
		old := release.Prune(h.seen.Releases, h.seen.History, r.plan.Keep, target, h.seen.Running, h.seen.Current)
		removed, err := script.Prune(ctx, h, r.plan.Layout, old)
		if err != nil {
			r.log.Notice(fmt.Sprintf("%s: old releases were not removed: %v", h.name, err))
		}
		for _, id := range removed {
			r.log.Say(h.name, "removed %s", id)
		}
	})
}
