package app

import (
	"context"
	"errors"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// onHosts runs a verb that needs only the hosts.
func onHosts(do func(context.Context, rollout.Plan, []rollout.Candidate, *progress.Log) (rollout.Result, error)) func(context.Context, job) report.Result {
	return func(ctx context.Context, j job) report.Result {
		return j.rolled(do(ctx, planOf(j.Config, j.origin), j.servers.candidates(j.Hosts), j.log))
	}
}

// withRelease runs a verb that needs a release from the build server.
func withRelease(do func(context.Context, rollout.Plan, []rollout.Candidate, rollout.Artifact, *progress.Log) (rollout.Result, error)) func(context.Context, job) report.Result {
	return func(ctx context.Context, j job) report.Result {
		hosts, unused := j.servers.candidatesAhead(ctx, j.Hosts)
		defer unused()
		artifact, done, err := j.open(ctx, j.ReleaseID)
		if err != nil {
			return j.failed(err)
		}
		defer done()
		j.told.begin(ctx, artifact.Manifest())
		return j.rolled(do(ctx, planOf(j.Config, j.origin), hosts, artifact, j.log))
	}
}

// rolled returns the result of a rollout, and keeps it for the announcer.
func (j job) rolled(result rollout.Result, err error) report.Result {
	at := placeOf(j.Config)
	r := hidden(report.Rollout{Result: result, Ended: report.Ended{Err: err}, App: at.App, Environment: at.Environment}, j.log.RedactCut)
	j.told.hear(r)
	return r
}

func rollBack(ctx context.Context, j job) report.Result {
	var fetch rollout.Fetch // nil: no build server can provide a release
	if j.BuildHost != (config.Host{}) {
		fetch = j.open
	}
	return j.rolled(rollout.Rollback(ctx, planOf(j.Config, j.origin), j.servers.candidates(j.Hosts), fetch, j.log))
}

// open opens a release on the build server; done releases it.
func (j job) open(ctx context.Context, id release.ID) (_ rollout.Artifact, done func(), err error) {
	host, err := j.servers.buildServer(ctx, j.BuildHost)
	if err != nil {
		return nil, nil, err
	}
	artifact, err := build.OpenArtifact(ctx, host, j.App, id, j.log)
	if err != nil {
		return nil, nil, errors.Join(err, host.Close())
	}
	if err := artifact.Is(j.Digest); err != nil {
		artifact.Close()
		return nil, nil, errors.Join(err, host.Close())
	}
	return j.asking(host, artifact), func() { artifact.Close(); host.Close() }, nil
}

func buildAndDeploy(ctx context.Context, j job) report.Result {
	built := j.build(ctx)
	if built.Err != nil {
		return built
	}
	return report.Both{Build: built, Then: withRelease(rollout.Deploy)(ctx, j.of(built))}
}

// of returns the job for exactly the release that was built.
func (j job) of(built report.Build) job {
	j.ReleaseID, j.Digest = built.Made.ReleaseID, built.Digest
	return j
}
