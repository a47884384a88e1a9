package rollout_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

var schedules = flag.Int("schedules", 2000, "how many random fault schedules to try")

// The promises hold after each run, with any number of faults at any place and
// any next run. The next run without a fault succeeds.
func TestThePromisesHoldForAnyFaults(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	for n := range *schedules {
		s := seed + uint64(n)
		synctest.Test(t, func(t *testing.T) {
			chance := rand.New(rand.NewPCG(s, 0))
			f := newFleet(t, size(chance, n))
			tale := &tale{fleet: f, Rand: chance, next: 1}
			for range 1 + chance.IntN(5) {
				tale.run()
			}
			tale.end()
			if t.Failed() {
				t.Fatalf("seed %d\n%s", s, tale.told)
			}
		})
	}
}

// size returns a number of hosts: usually few, sometimes 500.
func size(chance *rand.Rand, n int) int {
	if n%200 == 199 {
		return 500
	}
	return 1 + chance.IntN(8)
}

// tale is a series of runs over one fleet.
type tale struct {
	*fleet
	*rand.Rand
	next int // number of the next release
	told string
	over release.ID // what another run made live while this one stood still
}

func (s *tale) tell(format string, args ...any) { s.told += fmt.Sprintf(format, args...) + "\n" }

// run carries out one run with some faults, and checks what must be true after
// it.
func (s *tale) run() {
	before := s.currents()
	s.over = ""
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	s.breakSome(cancel)
	lie := s.lie()
	defer lie.end()
	p := plan(atATime(1+s.IntN(3)), mayFail(s.IntN(2)*s.IntN(3)))
	verb, r, err := s.verb(ctx, p)
	s.tell("%s of %d hosts: %s, %v", verb, len(s.machines), r.Became, err)
	lie.believedByNobody(verb, r)
	s.sound()
	if s.killed.Load() {
		return // a dead run keeps no promises; the next run repairs
	}
	s.truthful(r)
	if s.over != "" {
		s.leftAlone()
		return
	}
	if verb == "deploy" || verb == "activate" {
		s.allOrNone(r, before)
	}
}

func (s *tale) verb(ctx context.Context, p rollout.Plan) (verb string, r rollout.Result, err error) {
	switch s.IntN(6) {
	case 0, 1:
		s.next++
		r, err = s.deploy(ctx, s.next, p)
		return "deploy", r, err
	case 2:
		r, err = s.rollback(ctx, p)
		return "rollback", r, err
	case 3:
		s.next++
		r, err = rollout.Stage(ctx, p, s.candidates(), artifact(s.next), s.logTo())
		return "stage", r, err
	case 4:
		p.Target = id(s.next)
		r, err = rollout.Activate(ctx, p, s.candidates(), s.logTo())
		return "activate", r, err
	}
	p.Expect.Given, p.Expect.ID = true, id(s.next)
	r, err = rollout.Revert(ctx, p, s.candidates(), s.logTo())
	return "revert", r, err
}

// breakSome gives some hosts faults for the next run. A fault may kill or
// cancel the run.
func (s *tale) breakSome(cancel func()) {
	overtaken := false
	for _, m := range s.machines {
		if s.IntN(5) == 0 {
			m.Bad[id(s.next+1)] = "it exits"
		}
		if s.IntN(3) > 0 {
			continue
		}
		fault := hosttest.Fault{
			Step: hosttest.Steps[s.IntN(len(hosttest.Steps))],
			How:  hosttest.How(s.IntN(3)), Took: time.Duration(s.IntN(3000)) * time.Millisecond,
		}
		what := ""
		doing := s.IntN(12)
		if overtaken || fault.Step == hosttest.StepConnect || fault.Step == hosttest.StepLock { // it has no locks to lose
			doing = max(doing, 3)
		}
		switch doing {
		case 0:
			fault.Do, what = func() { s.killed.Store(true) }, ", and the run is killed"
		case 1:
			fault.Do, what = cancel, ", and the run is cancelled"
		case 2:
			overtaken = true
			fault.Do, what = s.overtake, ", and another run deploys while the run stands still"
		}
		s.tell("  %s: %v at %s%s", m.Name, fault.How, fault.Step, what)
		s.with(m.Name, fault)
	}
}

// overtake deploys another release while the run stands still.
func (s *tale) overtake() {
	s.freeze()
	s.next++
	n := s.next
	r, err := rollout.Deploy(s.Context(), plan(atATime(50), wait(time.Minute)), s.besides(), artifact(n), s.logTo())
	s.tell("  deploy of release %d meanwhile: %s, %v", n, r.Became, err)
	if r.Became == rollout.BecameLive {
		s.over = id(n)
	}
}

// leftAlone checks that a run has changed nothing after another one made a
// release live.
func (s *tale) leftAlone() {
	for _, m := range s.machines {
		if state := m.State(); state.Current.ID != s.over || state.Running != s.over || state.Change != nil {
			s.Errorf("%s: current is %s and %s runs, change %+v, after another run made %s live", m.Name, state.Current, state.Running, state.Change, s.over)
		}
	}
}

// currents returns what each host may run after a run that changes nothing: the
// current activation, or the one before the change of a dead run.
func (s *tale) currents() map[string][]release.Activation {
	all := map[string][]release.Activation{}
	for _, m := range s.machines {
		all[m.Name] = []release.Activation{m.State().Current}
		if c := m.State().Change; c != nil {
			all[m.Name] = append(all[m.Name], c.Source())
		}
	}
	return all
}

// truthful checks that the result says what the hosts run. It may be wrong only
// about hosts that need a look or were never seen.
func (s *tale) truthful(r rollout.Result) {
	for i, h := range r.Hosts {
		state := s.machines[i].State()
		if h.Outcome == host.Failed || h.Outcome == host.GoingBack || s.machines[i].Lie != nil || !slices.Contains(s.trail(i), hosttest.StepLook) {
			continue
		}
		if state.Current.ID != h.After && h.After != "" || state.Change != nil && h.Outcome != host.Untouched && h.Outcome != host.Skipped {
			s.Errorf("%s: it is %s and after %q, and current is %s with the change %+v", h.Host, h.Outcome, h.After, state.Current, state.Change)
		}
		if s.over == "" && h.Outcome == host.Live && (h.After != r.Target || state.Running != r.Target) {
			s.Errorf("%s is live with %s and runs %s: the target is %s", h.Host, h.After, state.Running, r.Target)
		}
	}
}

// allOrNone checks that a failed deploy has left no host on the release. A
// successful one must have reached all hosts, except for the few that were
// allowed to fail.
func (s *tale) allOrNone(r rollout.Result, before map[string][]release.Activation) {
	for i, h := range r.Hosts {
		now := s.machines[i].State().Current
		switch {
		case h.Outcome == host.Failed, h.Outcome == host.GoingBack, s.machines[i].Lie != nil:
		case r.Became == rollout.BecameFailed && !slices.Contains(before[h.Host], now) && h.Outcome != host.Live:
			s.Errorf("%s ran %s before a deploy that failed, and runs %s (%s)", h.Host, before[h.Host], now, h.Outcome)
		case r.Became == rollout.BecameLive && now.ID != r.Target:
			s.Errorf("%s runs %s after a deploy of %s", h.Host, now, r.Target)
		}
	}
}

// end runs a deploy without a fault, which must succeed after anything.
func (s *tale) end() {
	s.next += 2
	for _, m := range s.machines {
		clear(m.Bad)
	}
	r, err := s.deploy(s.Context(), s.next, plan(atATime(50)))
	if err != nil || r.Became != rollout.BecameLive {
		s.Errorf("without a fault: %s, %v", r.Became, err)
	}
	s.runs(s.next)
}
