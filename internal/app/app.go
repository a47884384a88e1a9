// Package app is the composition root: it reads the settings, connects, runs a
// verb and reports. Only this package knows both the runner's side (gha) and
// the servers' side (remote). It turns signals and errors into exit codes.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

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
	later         *later     // set by run
}

// later has what a run does after its result was told.
type later struct{ work []func() }

func (l *later) add(f func()) { l.work = append(l.work, f) }

// do does it, the last one first.
func (l *later) do() {
	for len(l.work) > 0 {
		last := len(l.work) - 1
		f := l.work[last]
		l.work = l.work[:last]
		f()
	}
}

// runLimit ends a run in time to undo its changes: after 6 h GitHub ends a job
// without warning.
const runLimit = 5 * time.Hour

// run carries out a verb. When its result was told, the caller does the rest. A run that takes too long ends as if it had been
// cancelled.
func run(ctx context.Context, set settings, from origin, log *progress.Log) (_ report.Result, rest func()) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			log.Error(fmt.Sprintf("the run takes longer than %s: it ends now, as if it had been cancelled", runLimit))
		}
	})()
	from.later = &later{}
	return verbs[set.Verb].run(ctx, job{settings: set, origin: from, log: log}), from.later.do
}

func planOf(cfg config.Config, from origin) rollout.Plan {
	return rollout.Plan{
		Plan:  host.Plan{Service: cfg.Service, App: cfg.App, Layout: cfg.Layout, Keep: cfg.Keep, Who: from.who, RunURL: from.run},
		Fleet: cfg.Fleet, Target: cfg.ReleaseID, Digest: cfg.Digest, WaitForLock: cfg.WaitForLock, Force: cfg.Force, DryRun: cfg.DryRun,
		Later: from.later.add,
	}
}
