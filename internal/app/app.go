// Package app is the composition root: it reads the settings, connects, runs a
// verb and reports. It alone knows both the runner's side (gha) and the servers'
// side (remote), and turns signals and errors into exit codes.
package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os/signal"
	"strings"
	"syscall"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/setup"
)

// System is what a main function hands over of the real world.
type System struct {
	Args   []string // without the program's name
	Getenv func(string) string
	Stdin  io.Reader // nil: there is none
	Stdout io.Writer
	Stderr io.Writer
	// Collection has Ansible's collection apxr.slipway, for who sets servers up.
	Collection fs.FS
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // what was asked for did not happen
	exitUsage  = 2 // nothing was tried: the settings or the call are wrong
)

// origin is who asked for a run, and what a workflow adds to the settings.
type origin struct {
	who, run, ref string
	getenv        func(string) string
	collection    fs.FS
	// begin is told what is about to be deployed; nil: nobody wants to know.
	begin func(context.Context, release.Manifest)
}

// outcome is what a verb came to, for whoever reports it.
type outcome struct {
	build     *report.Build     // how a build went, well or not
	built     *release.Manifest // what it made
	rolled    *rollout.Result
	prepared  *setup.Result
	listings  []rollout.Listing
	artifacts []release.Stored
}

// signalled returns a context that a signal ends: GitHub sends SIGINT to cancel
// a step, systemd and people also SIGTERM.
func signalled() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
}

// run carries out a verb.
func run(ctx context.Context, set settings, from origin, log *progress.Log) (outcome, error) {
	cfg := set.Config
	if cfg.Verb == config.Setup {
		return setUp(ctx, set, from, log)
	}
	dialer, err := newDialer(cfg, from.getenv, log)
	if err != nil {
		return outcome{}, config.Mistakes(strings.Split(err.Error(), "\n"))
	}
	defer dialer.Close()
	switch cfg.Verb {
	case config.BuildRelease:
		return buildRelease(ctx, cfg, from, dialer, log)
	case config.Deploy:
		return deploy(ctx, cfg, from, dialer, rollout.Deploy, log)
	case config.Stage:
		return deploy(ctx, cfg, from, dialer, rollout.Stage, log)
	case config.BuildAndDeploy:
		built, err := buildRelease(ctx, cfg, from, dialer, log)
		if err != nil {
			return built, err
		}
		cfg.ReleaseID = built.built.ReleaseID
		deployed, err := deploy(ctx, cfg, from, dialer, rollout.Deploy, log)
		deployed.build, deployed.built = built.build, built.built
		return deployed, err
	case config.Rollback:
		result, err := rollout.Rollback(ctx, planOf(cfg, from), dialer.candidates(cfg.Hosts), fetch(cfg, dialer, log), log)
		return outcome{rolled: &result}, err
	case config.Activate:
		return change(ctx, cfg, from, dialer, rollout.Activate, log)
	case config.Revert:
		return change(ctx, cfg, from, dialer, rollout.Revert, log)
	case config.Releases, config.History:
		listings, err := rollout.List(ctx, planOf(cfg, from), dialer.candidates(cfg.Hosts), log)
		return outcome{listings: listings}, err
	case config.Artifacts:
		return listArtifacts(ctx, cfg, dialer, log)
	}
	return outcome{}, errors.New("no such verb: " + string(cfg.Verb))
}

// fetch is how a rollback gets a release from the build host, if there is one.
func fetch(cfg config.Config, d dialer, log *progress.Log) rollout.Fetch {
	if cfg.BuildHost == (config.Host{}) {
		return nil
	}
	return func(ctx context.Context, id release.ID) (rollout.Artifact, func(), error) {
		host, err := d.buildServer(ctx, cfg.BuildHost)
		if err != nil {
			return nil, nil, err
		}
		artifact, err := build.OpenArtifact(ctx, host, cfg.App, id, log)
		if err != nil {
			return nil, nil, errors.Join(err, host.Close())
		}
		return artifact, func() { artifact.Close(); host.Close() }, nil
	}
}

// change does what needs the hosts alone.
func change(ctx context.Context, cfg config.Config, from origin, d dialer,
	do func(context.Context, rollout.Plan, []rollout.Candidate, *progress.Log) (rollout.Result, error), log *progress.Log,
) (outcome, error) {
	result, err := do(ctx, planOf(cfg, from), d.candidates(cfg.Hosts), log)
	return outcome{rolled: &result}, err
}

// deploy does what needs the release from the build host.
func deploy(ctx context.Context, cfg config.Config, from origin, d dialer,
	do func(context.Context, rollout.Plan, []rollout.Candidate, rollout.Artifact, *progress.Log) (rollout.Result, error), log *progress.Log,
) (outcome, error) {
	host, err := d.buildServer(ctx, cfg.BuildHost)
	if err != nil {
		return outcome{}, err
	}
	defer host.Close()
	artifact, err := build.OpenArtifact(ctx, host, cfg.App, cfg.ReleaseID, log)
	if err != nil {
		return outcome{}, err
	}
	defer artifact.Close()
	if from.begin != nil {
		from.begin(ctx, artifact.Manifest())
	}
	result, err := do(ctx, planOf(cfg, from), d.candidates(cfg.Hosts), artifact, log)
	return outcome{rolled: &result}, err
}

func listArtifacts(ctx context.Context, cfg config.Config, d dialer, log *progress.Log) (outcome, error) {
	host, err := d.buildServer(ctx, cfg.BuildHost)
	if err != nil {
		return outcome{}, err
	}
	defer host.Close()
	stored, err := build.List(ctx, host, cfg.App, log)
	if stored == nil {
		stored = []release.Stored{} // a list without lines is an answer too
	}
	return outcome{artifacts: stored}, err
}

func planOf(cfg config.Config, from origin) rollout.Plan {
	return rollout.Plan{
		Plan:  host.Plan{Service: cfg.Service, App: cfg.App, Layout: cfg.Layout, Keep: cfg.Keep, Who: from.who, RunURL: from.run},
		Fleet: cfg.Fleet, Target: cfg.ReleaseID, WaitForLock: cfg.WaitForLock, Force: cfg.Force, DryRun: cfg.DryRun,
	}
}
