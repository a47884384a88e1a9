package app

import (
	"context"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

func listReleases(ctx context.Context, j job) report.Result {
	hosts, err := rollout.List(ctx, planOf(j.Config, j.origin), j.servers.candidates(j.Hosts), j.log)
	return report.Releases{Hosts: hosts, Ended: report.Ended{Err: err}}
}

func listHistory(ctx context.Context, j job) report.Result {
	hosts, err := rollout.ListChanges(ctx, planOf(j.Config, j.origin), j.servers.candidates(j.Hosts), j.log)
	return report.History{Hosts: hosts, Ended: report.Ended{Err: err}}
}

func listArtifacts(ctx context.Context, j job) report.Result {
	host, err := j.servers.buildServer(ctx, j.BuildHost)
	if err != nil {
		return j.failed(err)
	}
	defer host.Close()
	stored, err := build.List(ctx, host, j.App, j.log)
	if err != nil {
		return j.failed(err)
	}
	return report.Artifacts{Stored: stored}
}
