package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// fleet has hosts in memory and runs over them.
type fleet struct {
	*testing.T
	machines []*hosttest.Machine
	faults   map[string][]hosttest.Fault // faults of the next run, by the name of the host
	killed   atomic.Bool                 // the run has been killed
	log      syncedText
	mu       sync.Mutex
	fakes    []*hosttest.Fake // the hosts of the last run
}

// syncedText is text that several runs write.
type syncedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *syncedText) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *syncedText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func newFleet(t *testing.T, hosts int) *fleet {
	f := &fleet{T: t, faults: map[string][]hosttest.Fault{}}
	for n := range hosts {
		m := hosttest.NewMachine(fmt.Sprintf("web%d", n+1))
		m.Bad = map[release.ID]string{}
		f.machines = append(f.machines, m)
	}
	return f
}

// base returns the plan that tests start from.
func base() rollout.Plan {
	return rollout.Plan{
		Plan: host.Plan{
			Layout: release.Layout{Base: "/opt/apxr/app"}, Keep: 5, Who: "ann",
			Service: config.Service{Units: []string{"app.service"}},
		},
		Fleet: config.Fleet{Parallel: config.Share{Hosts: 1}},
	}
}

func plan(changes ...func(*rollout.Plan)) rollout.Plan {
	p := base()
	for _, change := range changes {
		change(&p)
	}
	return p
}

func atATime(n int) func(*rollout.Plan)    { return func(p *rollout.Plan) { p.Parallel.Hosts = n } }
func mayFail(n int) func(*rollout.Plan)    { return func(p *rollout.Plan) { p.MaxFailures = n } }
func to(id release.ID) func(*rollout.Plan) { return func(p *rollout.Plan) { p.Target = id } }
func expect(id release.ID) func(*rollout.Plan) {
	return func(p *rollout.Plan) { p.Expect = config.Expected{Given: true, ID: id} }
}
func dryRun(p *rollout.Plan) { p.DryRun = true }
func wait(d time.Duration) func(*rollout.Plan) {
	return func(p *rollout.Plan) { p.WaitForLock = d }
}

// with gives the next run a fault on a host.
func (f *fleet) with(name string, faults ...hosttest.Fault) {
	f.faults[name] = append(f.faults[name], faults...)
}

// candidates returns the hosts for the next run.
func (f *fleet) candidates() []rollout.Candidate {
	var all []rollout.Candidate
	faults := f.faults
	f.faults = map[string][]hosttest.Fault{}
	f.killed.Store(false)
	f.mu.Lock()
	f.fakes = nil
	f.mu.Unlock()
	for _, m := range f.machines {
		all = append(all, func(run *host.Run) rollout.Host {
			fake := hosttest.New(m, run, faults[m.Name]...)
			fake.Killed = f.killed.Load
			f.mu.Lock()
			defer f.mu.Unlock()
			f.fakes = append(f.fakes, fake)
			return fake
		})
	}
	return all
}

// besides returns the hosts for a run beside the one that [fleet.candidates] is
// for. It has no faults.
func (f *fleet) besides() []rollout.Candidate {
	var all []rollout.Candidate
	for _, m := range f.machines {
		all = append(all, func(run *host.Run) rollout.Host { return hosttest.New(m, run) })
	}
	return all
}

// freeze lets the run stand still on all hosts, until it has lost its locks.
func (f *fleet) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fake := range f.fakes {
		fake.Freeze()
	}
}

func (f *fleet) logTo() *progress.Log { return progress.New(progress.Terminal{W: &f.log}) }

func (f *fleet) deploy(ctx context.Context, n int, p rollout.Plan) (rollout.Result, error) {
	return rollout.Deploy(ctx, p, f.candidates(), artifact(n), f.logTo())
}

func (f *fleet) rollback(ctx context.Context, p rollout.Plan) (rollout.Result, error) {
	return rollout.Rollback(ctx, p, f.candidates(), nil, f.logTo())
}

// live deploys the n-th release everywhere.
func (f *fleet) live(n int) {
	f.Helper()
	if r, err := f.deploy(f.Context(), n, plan(atATime(100))); err != nil || r.Became != rollout.BecameLive {
		f.Fatalf("release %d: %s, %v", n, r.Became, err)
	}
	f.runs(n)
}

// runs checks what the hosts run: one number for each, or one for all.
func (f *fleet) runs(numbers ...int) {
	f.Helper()
	for i, m := range f.machines {
		n := numbers[min(i, len(numbers)-1)]
		var want release.ID
		if n > 0 {
			want = id(n)
		}
		if s := m.State(); s.Current.ID != want || s.Running != want || s.Change != nil {
			f.Errorf("%s: current is %s, %s runs, change %+v, want %q", m.Name, s.Current, s.Running, s.Change, want)
		}
	}
	f.sound()
}

// sound checks what must hold after every run.
func (f *fleet) sound() {
	f.Helper()
	for _, m := range f.machines {
		for _, v := range m.Violations() {
			if m.Lie == nil { // what a run does on a host that lies depends on the lie
				f.Errorf("%s: %s", m.Name, v)
			}
		}
		if m.State().Locked {
			f.Errorf("%s is still locked", m.Name)
		}
	}
}

// outcomes checks the outcome of each host.
func (f *fleet) outcomes(r rollout.Result, want ...host.Outcome) {
	f.Helper()
	var got []host.Outcome
	for _, h := range r.Hosts {
		got = append(got, h.Outcome)
	}
	if !slices.Equal(got, want) {
		f.Errorf("the hosts are %q, want %q", got, want)
	}
}

func (f *fleet) fails(err error, words ...string) {
	f.Helper()
	if err == nil {
		f.Fatalf("it did not fail: want %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			f.Errorf("%q does not say %q", err, w)
		}
	}
}

func (f *fleet) says(words ...string) {
	f.Helper()
	for _, w := range words {
		if !strings.Contains(f.log.String(), w) {
			f.Errorf("the log does not say %q:\n%s", w, f.log.String())
		}
	}
}

// trail returns the steps of the last run on a host.
func (f *fleet) trail(n int) []hosttest.Step { return f.fakes[n].Trail }

// artifact is the n-th release on the build host. Its revision is a descendant
// of all earlier ones.
type artifact int

func id(n int) release.ID { return release.NewID(time.Date(2024, 1, 1, 0, 0, n, 0, time.UTC)) }

func revision(n int) string { return fmt.Sprintf("%040d", n) }

func (a artifact) Manifest() release.Manifest {
	return release.Manifest{ReleaseID: id(int(a)), Version: fmt.Sprintf("0.%d.0", a), Revision: revision(int(a)), Ref: "refs/heads/main"}
}

func (artifact) Export(context.Context, release.ID, []string, io.Writer) error {
	return errors.New("no host lacks a content")
}

func (a artifact) Earlier(_ context.Context, id release.ID, digest release.Digest) (release.Manifest, error) {
	return release.Manifest{}, errors.New("it is gone")
}

func (artifact) IsTip(context.Context) (bool, error) { return false, nil }

func (a artifact) Relations(_ context.Context, others []string) (map[string]release.Relation, error) {
	known := map[string]release.Relation{}
	for _, other := range others {
		known[other] = release.Descendant
		if other > revision(int(a)) {
			known[other] = release.Ancestor
		}
	}
	return known, nil
}
