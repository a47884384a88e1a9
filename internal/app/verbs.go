package app

import (
	"context"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/console"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// job is one run of a verb.
type job struct {
	settings
	origin
	servers dialer // set for a verb that is connected
	log     *progress.Log
}

// failed returns the result of a job that ended before it had anything to show.
func (j job) failed(err error) report.Result {
	return report.Failure{Verb: string(j.Verb), Ended: report.Ended{Err: err}}
}

// how says how a verb runs; one of its fields is set.
type how struct {
	run  func(context.Context, job) report.Result
	look console.Way // a person looks inside a server; there is no result
}

// verbs completes config's table of verbs, which must not know how a verb runs.
var verbs = map[config.Verb]how{
	config.Setup:          {run: setUp},
	config.BuildRelease:   {run: connected(buildRelease)},
	config.Deploy:         {run: connected(withRelease(rollout.Deploy))},
	config.BuildAndDeploy: {run: connected(buildAndDeploy)},
	config.Rollback:       {run: connected(rollBack)},
	config.Stage:          {run: connected(withRelease(rollout.Stage))},
	config.Activate:       {run: connected(onHosts(rollout.Activate))},
	config.Revert:         {run: connected(onHosts(rollout.Revert))},
	config.Releases:       {run: connected(listReleases)},
	config.History:        {run: connected(listHistory)},
	config.Artifacts:      {run: connected(listArtifacts)},
	config.Console:        {look: console.Console},
	config.Eval:           {look: console.Eval},
	config.RPC:            {look: console.RPC},
	config.Logs:           {look: console.Logs},
}

// connected returns do, with a dialer for the servers in the job.
func connected(do func(context.Context, job) report.Result) func(context.Context, job) report.Result {
	return func(ctx context.Context, j job) report.Result {
		dialer, err := newDialer(j.Config, j.getenv, j.log)
		if err != nil {
			return j.failed(mistakesOf(err))
		}
		j.later.add(func() { dialer.Close() })
		j.servers = dialer
		return do(ctx, j)
	}
}
