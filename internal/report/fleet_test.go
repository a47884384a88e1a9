package report_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// fleet has hosts in memory, and the faults of its next run.
type fleet struct {
	machines []*hosttest.Machine
	faults   map[string]hosttest.Fault
	fakes    []*hosttest.Fake
	other    *hosttest.Fake // another run, which has a lock
	// cancelAfter is when the next run is cancelled; 0: never.
	cancelAfter time.Duration
}

func newFleet(hosts int) *fleet {
	f := &fleet{faults: map[string]hosttest.Fault{}}
	for n := range hosts {
		m := hosttest.NewMachine(fmt.Sprintf("web%d", n+1))
		m.Bad = map[release.ID]string{}
		f.machines = append(f.machines, m)
	}
	return f
}

func (f *fleet) candidates() []rollout.Candidate {
	var all []rollout.Candidate
	f.fakes = nil
	for _, m := range f.machines {
		all = append(all, func(run *host.Run) rollout.Host {
			var faults []hosttest.Fault
			if fault, ok := f.faults[m.Name]; ok {
				faults = append(faults, fault)
			}
			fake := hosttest.New(m, run, faults...)
			f.fakes = append(f.fakes, fake)
			return fake
		})
	}
	return all
}

// artifact is the n-th release on the build host.
type artifact int

func id(n int) release.ID { return release.NewID(time.Date(2024, 1, 1, 0, 0, n, 0, time.UTC)) }

func (a artifact) Manifest() release.Manifest {
	return release.Manifest{ReleaseID: id(int(a)), Version: fmt.Sprintf("0.%d.0", a), Revision: fmt.Sprintf("%040d", a), Ref: "refs/heads/main"}
}

func (artifact) Export(context.Context, release.ID, []string, io.Writer) error { return nil }

func (artifact) Earlier(context.Context, release.ID, release.Digest) (release.Manifest, error) {
	return release.Manifest{}, errors.New("it is gone")
}

func (artifact) IsTip(context.Context) (bool, error) { return true, nil }

func (artifact) Relations(context.Context, []string) (map[string]release.Relation, error) {
	return nil, nil
}

// run carries out a verb on the hosts, and returns its result as a person gets it.
type run func(ctx context.Context, f *fleet, p rollout.Plan) (rollout.Result, error)

func deployOf(n int) run {
	return func(ctx context.Context, f *fleet, p rollout.Plan) (rollout.Result, error) {
		return rollout.Deploy(ctx, p, f.candidates(), artifact(n), quiet())
	}
}

func stageOf(n int) run {
	return func(ctx context.Context, f *fleet, p rollout.Plan) (rollout.Result, error) {
		return rollout.Stage(ctx, p, f.candidates(), artifact(n), quiet())
	}
}

func activate(ctx context.Context, f *fleet, p rollout.Plan) (rollout.Result, error) {
	p.Target = id(3)
	return rollout.Activate(ctx, p, f.candidates(), quiet())
}

func rollback(ctx context.Context, f *fleet, p rollout.Plan) (rollout.Result, error) {
	return rollout.Rollback(ctx, p, f.candidates(), nil, quiet())
}

func revert(ctx context.Context, f *fleet, p rollout.Plan) (rollout.Result, error) {
	p.Expect = config.Expected{Given: true, ID: id(2)}
	return rollout.Revert(ctx, p, f.candidates(), quiet())
}

func quiet() *progress.Log { return progress.New(progress.Terminal{W: io.Discard}) }

func plan() rollout.Plan {
	return rollout.Plan{
		Plan: host.Plan{
			Layout: release.Layout{Base: "/opt/apxr/app"}, Keep: 5, Who: "ann",
			Service: config.Service{Units: []string{"app.service"}, Migrate: "app-migrate.service"},
		},
		Fleet: config.Fleet{Parallel: config.Share{Hosts: 1}},
	}
}

var runs = map[string]run{"deploy": deployOf(3), "stage": stageOf(3), "activate": activate, "rollback": rollback, "revert": revert}

// ready returns a fleet that has run two releases, and has a third one staged.
func ready(t *testing.T, hosts int) *fleet {
	f := newFleet(hosts)
	for _, run := range []run{deployOf(1), deployOf(2), stageOf(3)} {
		if _, err := run(t.Context(), f, plan()); err != nil {
			t.Fatal(err)
		}
	}
	return f
}
