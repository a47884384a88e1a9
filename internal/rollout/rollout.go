// Package rollout leads a fleet of hosts through a deploy, a rollback and their
// parts. It decides which host is next, how many at a time, how many may fail,
// and which hosts go back after a failure.
//
// It does not know how one host is changed (a [Host] does that), how hosts are
// reached, where the release comes from (an [Artifact] streams it), or who
// reads the result.
package rollout

import (
	"context"
	"io"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// Host is one host as the fleet needs it, grouped by the phases of a run. Its
// methods are called one at a time. Package host has the real implementation.
type Host interface {
	Name() string
	// HasArtifact reports whether the host copies the release from its own
	// disk.
	HasArtifact() bool
	// Seen returns what the last look found, updated by the run's own changes.
	Seen() host.Seen
	// Result returns the result of the host. The host's own steps note what
	// they find; the fleet adds the effects of other hosts.
	Result() *host.Result

	Meeting
	Staging
	Switching
	Returning
}

// Meeting is the phase in which nothing is changed.
type Meeting interface {
	Connect(ctx context.Context) error
	// Expect says what the next look will be for: it may begin at once.
	Expect(ctx context.Context, q host.Question)
	// Lock waits at most for wait if another run has the lock: see [host.IsHeld].
	Lock(ctx context.Context, wait time.Duration) error
	Unlock()
	// Ask finds out what the host runs, if the run has lost its lock.
	Ask(ctx context.Context)
	Look(ctx context.Context, q host.Question) error
	// Close also releases the lock.
	Close() error
}

// Staging is the phase that changes nothing that runs.
type Staging interface {
	// Repair undoes what a dead run has left.
	Repair(ctx context.Context) error
	Fits(m release.Manifest) error
	Stage(ctx context.Context, from host.Source) error
	// CurrentManifest returns the manifest of what is current, as the host has it.
	CurrentManifest(ctx context.Context) (release.Manifest, error)
	Verify(ctx context.Context, id release.ID) error
	Note(ctx context.Context, s release.Staged) error
	// Prepare returns the activation, and whether the host already runs it.
	Prepare(ctx context.Context, id release.ID) (to release.Activation, runs bool, err error)
	// Drop undoes Prepare.
	Drop(ctx context.Context, a release.Activation)
}

// Switching is the phase that changes the host.
type Switching interface {
	// Once runs the commands and migrations that run on one host only. It
	// reports whether migrations were started, even if they failed.
	Once(ctx context.Context, to host.Target) (migrated bool, err error)
	Activate(ctx context.Context, to host.Target) error
	// Switched reports whether a change is neither concluded nor undone.
	Switched() bool
	GoBack(ctx context.Context, reason string)
	Conclude(ctx context.Context) error
	Prune(ctx context.Context, target release.ID) error
}

// Returning has the additional steps of a rollback and a revert.
type Returning interface {
	Runs(ctx context.Context, a release.Activation) bool
	// Usable returns an error unless the host has all of an activation.
	Usable(ctx context.Context, a release.Activation) error
	Adopt(ctx context.Context, a release.Activation) (release.Activation, error)
	TakeBack(ctx context.Context, to release.Activation)
}

// Candidate makes a host for a run. The host is not connected yet.
type Candidate func(*host.Run) Host

// Artifact is a release on the build host.
type Artifact interface {
	Manifest() release.Manifest
	// Export writes files of an artifact of the application, as a compressed tar.
	// Without paths, it writes all.
	Export(ctx context.Context, id release.ID, paths []string, w io.Writer) error
	// Earlier returns the manifest of another artifact of the application, if the
	// build host has one with this digest.
	Earlier(ctx context.Context, id release.ID, digest release.Digest) (release.Manifest, error)
	// Relations returns how the release's revision relates to others.
	Relations(ctx context.Context, others []string) (map[string]release.Relation, error)
	// IsTip reports whether the release's revision is, at this moment, the tip of
	// the branch that it was built for.
	IsTip(ctx context.Context) (bool, error)
}

// run is one rollout in progress.
type run struct {
	plan    Plan
	log     *progress.Log
	began   time.Time
	hosts   fleet
	outcome Result
	prunes  bool // old releases are to be removed when the result is known
}

func newRun(verb release.Verb, plan Plan, candidates []Candidate, log *progress.Log) *run {
	now := time.Now()
	shared := &host.Run{Plan: plan.Plan, Verb: verb, Key: now.UTC().Format("20060102T150405.000000000"), Began: now, Log: log}
	r := &run{plan: plan, log: log, began: now, outcome: Result{Verb: verb, DryRun: plan.DryRun}}
	for _, make := range candidates {
		r.hosts = append(r.hosts, &member{Host: make(shared)})
	}
	return r
}

// aim sets the release of the run.
func (r *run) aim(v Version) {
	r.outcome.Target, r.outcome.Version, r.outcome.Revision, r.outcome.Ref = v.ID, v.Version, v.Revision, v.Ref
}

// target returns an activation of that release as hosts need it.
func (r *run) target(a release.Activation) host.Target {
	return host.Target{Activation: a, Version: r.outcome.Version, Revision: r.outcome.Revision, Ref: r.outcome.Ref, Digest: r.outcome.Digest, Forced: r.plan.Force}
}

// refuse notes and logs why a host is not changed.
func (r *run) refuse(m *member, err error) {
	m.fail(host.Untouched, err)
	r.log.Say(m.Name(), "%s", m.Result().Problem)
}

// mayGoOn reports whether no more hosts failed than are allowed to, and at
// least one is healthy.
func (r *run) mayGoOn() bool {
	return r.hosts.failures() <= r.plan.MaxFailures && len(r.hosts.healthy()) > 0
}

// stopIfTooManyFailed ends a run that has not switched anything yet. A host
// that another run is changing ends it regardless of max-failures.
func (r *run) stopIfTooManyFailed(ctx context.Context) error {
	if ctx.Err() != nil || !r.mayGoOn() || r.hosts.isHeld() {
		return r.failed("nothing was switched on any host")
	}
	return nil
}
