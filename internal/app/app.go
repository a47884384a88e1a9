// Package app is the composition root: it reads the settings, connects, runs a
// verb and reports. Only this package knows both the runner's side (gha) and
// the servers' side (remote). It turns signals and errors into exit codes.
package app

import (
	"context"
	"io"
	"io/fs"
	"os/signal"
	"syscall"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// System is the part of the real world that a main function passes in.
type System struct {
	Args   []string // without the name of the program
	Getenv func(string) string
	// Environ is the environment as NAME=VALUE. The command line reads settings
	// from it.
	Environ []string
	Stdin   io.Reader // nil: none
	Stdout  io.Writer
	Stderr  io.Writer
	// Collection has the Ansible collection apxr.slipway, for setups.
	Collection fs.FS
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the verb failed
	exitUsage  = 2 // nothing was tried: the settings or the call are wrong
)

// origin says who asked for a run, and what a workflow adds to the settings.
type origin struct {
	who, run, ref string
	getenv        func(string) string
	collection    fs.FS
	told          *announcer // nil on the command line
}

// signalled returns a context that a signal ends. GitHub sends SIGINT to cancel
// a step; systemd and people also send SIGTERM.
func signalled(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}

// run carries out a verb.
func run(ctx context.Context, set settings, from origin, log *progress.Log) report.Result {
	return verbs[set.Verb].run(ctx, job{settings: set, origin: from, log: log})
}

func planOf(cfg config.Config, from origin) rollout.Plan {
	return rollout.Plan{
		Plan:  host.Plan{Service: cfg.Service, App: cfg.App, Layout: cfg.Layout, Keep: cfg.Keep, Who: from.who, RunURL: from.run},
		Fleet: cfg.Fleet, Target: cfg.ReleaseID, WaitForLock: cfg.WaitForLock, Force: cfg.Force, DryRun: cfg.DryRun,
	}
}
