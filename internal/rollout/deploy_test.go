package rollout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/rollout"
)

// over runs a test over a fleet, in simulated time.
func over(t *testing.T, hosts int, test func(*fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newFleet(t, hosts)) })
}

func TestADeployGoesFromOneHostToAll(t *testing.T) {
	for _, hosts := range []int{1, 2, 8, 60, 500} {
		over(t, hosts, func(f *fleet) {
			r, err := f.deploy(f.Context(), 1, plan(atATime(7)))
			if err != nil || r.Became != rollout.BecameLive || r.Previous.ID != "" || r.Running.ID != id(1) || r.Running.Hosts != hosts {
				f.Errorf("%d hosts: %s, %v, runs %+v", hosts, r.Became, err, r.Running)
			}
			f.runs(1)
			f.live(2)
			if r, err := f.deploy(f.Context(), 2, plan(atATime(7))); err != nil || r.Became != rollout.BecameUnchanged {
				f.Errorf("%d hosts, the same again: %s, %v", hosts, r.Became, err)
			}
			f.runs(2)
		})
	}
}

// A release that does not work costs only one host.
func TestTheFirstHostIsTheGatekeeper(t *testing.T) {
	over(t, 5, func(f *fleet) {
		f.live(1)
		for _, m := range f.machines {
			m.Bad[id(2)] = "it exits"
		}
		r, err := f.deploy(f.Context(), 2, plan(atATime(100), mayFail(5)))
		f.fails(err, "web1: it does not run: it exits")
		f.outcomes(r, host.Reverted, host.Skipped, host.Skipped, host.Skipped, host.Skipped)
		f.runs(1)
		for n := range 4 {
			if slices.Contains(f.trail(n+1), hosttest.StepSwitch) {
				f.Errorf("web%d was switched", n+2)
			}
		}
		if !strings.Contains(r.Hosts[1].Problem, "not switched, because web1 failed") || len(r.Hosts[0].UnitLog) == 0 {
			f.Errorf("%+v", r.Hosts[:2])
		}
	})
}

func TestAFailureTakesEverySwitchedHostBack(t *testing.T) {
	over(t, 6, func(f *fleet) {
		f.live(1)
		f.machines[3].Bad[id(2)] = "it answers 500"
		r, err := f.deploy(f.Context(), 2, plan(atATime(2)))
		f.fails(err, "web4: it does not run: it answers 500")
		f.outcomes(r, host.Reverted, host.Reverted, host.Reverted, host.Reverted, host.Reverted, host.Skipped)
		if want := "web4 failed: it does not run: it answers 500"; r.Hosts[0].Problem != want || len(r.Hosts[0].UnitLog) > 0 {
			f.Errorf("of a host that worked: %+v", r.Hosts[0])
		}
		f.runs(1)
		f.live(3) // the other hosts accept deploys again
	})
}

func TestAFirstDeployThatFailsLeavesNothing(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.machines[1].Bad[id(1)] = "it exits"
		_, err := f.deploy(f.Context(), 1, plan())
		f.fails(err, "web2: ")
		f.runs(0)
	})
}

func TestSomeMayFail(t *testing.T) {
	for name, c := range map[string]struct {
		step  hosttest.Step
		hosts []string
		may   int
		want  rollout.Became
		runs  []int
	}{
		"one that may, when it is switched": {hosttest.StepProve, []string{"web3"}, 1, rollout.BecamePartial, []int{2, 2, 1, 2}},
		"one that may, before":              {hosttest.StepConnect, []string{"web3"}, 1, rollout.BecamePartial, []int{2, 2, 1, 2}},
		"the first one, before":             {hosttest.StepStage, []string{"web1"}, 1, rollout.BecamePartial, []int{1, 2, 2, 2}},
		"more than may":                     {hosttest.StepSwitch, []string{"web3", "web4"}, 1, rollout.BecameFailed, []int{1, 1, 1, 1}},
		"more than may, before":             {hosttest.StepPrepare, []string{"web1", "web4"}, 1, rollout.BecameFailed, []int{1, 1, 1, 1}},
		"none may":                          {hosttest.StepAfter, []string{"web4"}, 0, rollout.BecameFailed, []int{1, 1, 1, 1}},
		"all of them":                       {hosttest.StepConnect, []string{"web1", "web2", "web3", "web4"}, 4, rollout.BecameFailed, []int{1, 1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			over(t, 4, func(f *fleet) {
				f.live(1)
				for _, name := range c.hosts {
					f.with(name, hosttest.Fault{Step: c.step, How: hosttest.Fails})
				}
				r, err := f.deploy(f.Context(), 2, plan(mayFail(c.may)))
				if r.Became != c.want || (err == nil) != (c.want == rollout.BecamePartial) {
					f.Errorf("%s, %v", r.Became, err)
				}
				if c.want == rollout.BecamePartial && !strings.Contains(r.Notice, "1 host of 4 stays on what it ran, as max-failures allows") {
					f.Errorf("the notice is %q", r.Notice)
				}
				f.runs(c.runs...)
			})
		})
	}
}

// A host may fail, but its state must be known.
func TestAHostThatMayFailAndDoesNotGoBackMakesTheRunFail(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.with("web3", hosttest.Fault{Step: hosttest.StepProve, How: hosttest.Fails}, hosttest.Fault{Step: hosttest.StepGoBack, How: hosttest.Fails})
		r, err := f.deploy(f.Context(), 2, plan(mayFail(1)))
		f.fails(err, "web3: prove fails", "going back to "+string(id(1))+" failed too")
		f.outcomes(r, host.Live, host.Live, host.Failed)
		f.sound()
	})
}

// A failure before the first switch, on any host, changes nothing that runs.
func TestWhatFailsBeforeTheFirstSwitchChangesNothing(t *testing.T) {
	for _, step := range []hosttest.Step{
		hosttest.StepConnect, hosttest.StepLock, hosttest.StepLook, hosttest.StepStage, hosttest.StepPrepare, hosttest.StepOnce,
	} {
		for _, name := range []string{"web1", "web3"} {
			if step == hosttest.StepOnce && name != "web1" {
				continue // this step runs on one host only
			}
			over(t, 3, func(f *fleet) {
				f.live(1)
				f.with(name, hosttest.Fault{Step: step, How: hosttest.Fails})
				r, err := f.deploy(f.Context(), 2, plan(func(p *rollout.Plan) {
					p.Once = "true"
					p.Env = &config.Env{Variables: []config.Variable{{Name: "A", Value: "1"}}}
				}))
				f.fails(err, "nothing was switched on any host", name+": ", string(step))
				if r.Became != rollout.BecameFailed || r.Running.ID != id(1) {
					f.Errorf("%s on %s: %s, runs %+v", step, name, r.Became, r.Running)
				}
				f.runs(1)
				for _, m := range f.machines {
					if left := m.State().Envs; len(left) > 0 {
						f.Errorf("%s on %s: %s has the environments %v", step, name, m.Name, left)
					}
				}
			})
		}
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.machines[0].Findings = errors.New("no unit")
		f.machines[2].Findings = errors.New("no sudo rule")
		f.with("web2", hosttest.Fault{Step: hosttest.StepConnect, How: hosttest.Fails})
		_, err := f.deploy(f.Context(), 1, plan())
		f.fails(err, "web1: no unit", "web2: connect fails", "web3: no sudo rule")
		f.runs(0)
	})
}

func TestHostsOfOneFleetHaveOneOwner(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.machines[1].Owner = "root"
		_, err := f.deploy(f.Context(), 1, plan(mayFail(0)))
		f.fails(err, "web2: /opt/apxr/app belongs to root here, and to deploy on web1, web3")
		if r, err := f.rollback(f.Context(), plan(to(id(1)))); err == nil || strings.Contains(err.Error(), "belongs to") {
			f.Errorf("a rollback: %s, %v", r.Became, err) // a rollback must work on the hosts as they are
		}
	})
}

func TestADryRunChangesNothing(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		r, err := f.deploy(f.Context(), 2, plan(dryRun))
		if err != nil || r.Became != rollout.BecamePlan || len(r.Plan) == 0 {
			f.Errorf("%s, %v, plan %q", r.Became, err, r.Plan)
		}
		if slices.Contains(f.trail(0), hosttest.StepLock) || slices.Contains(f.trail(0), hosttest.StepStage) {
			f.Errorf("it did %v", f.trail(0))
		}
		f.runs(1)
	})
}

func TestWhatIsOlderIsNotDeployed(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(2)
		r, err := f.deploy(f.Context(), 1, plan())
		if err != nil || r.Became != rollout.BecameSuperseded || r.Notice == "" {
			f.Errorf("%s, %v, %q", r.Became, err, r.Notice)
		}
		if slices.Contains(f.trail(0), hosttest.StepStage) {
			f.Errorf("it did %v", f.trail(0))
		}
		f.runs(2)
		r, err = f.deploy(f.Context(), 1, plan(func(p *rollout.Plan) { p.Force = true }))
		if err != nil || r.Became != rollout.BecameLive {
			f.Errorf("by force: %s, %v", r.Became, err)
		}
		f.runs(1)
	})
}

func TestWhatWasRolledBackIsNotDeployed(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		f.live(2)
		if _, err := f.rollback(f.Context(), plan()); err != nil {
			f.Fatal(err)
		}
		_, err := f.deploy(f.Context(), 2, plan())
		f.fails(err, "rolled back")
		f.runs(1)
	})
}

func TestLocksComeBeforeLooksInTheOrderOfNames(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		want := []hosttest.Step{
			hosttest.StepConnect, hosttest.StepLock, hosttest.StepLook, hosttest.StepStage, hosttest.StepPrepare,
			hosttest.StepBefore, hosttest.StepSwitch, hosttest.StepProve, hosttest.StepAfter, hosttest.StepConclude, hosttest.StepPrune,
		}
		f.live(2)
		for n := range f.machines {
			if got := f.trail(n); !slices.Equal(got, want) {
				f.Errorf("web%d: %v", n+1, got)
			}
		}
	})
}

// The histories are written last. Until then the next run undoes a run that
// dies.
func TestNoHistoryIsWrittenBeforeEveryHostIsProved(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.with("web3", hosttest.Fault{Step: hosttest.StepProve, Do: func() {
			for _, m := range f.machines[:2] {
				if s := m.State(); s.Change == nil || len(s.History) != 1 {
					f.Errorf("%s has a history of %d, change %+v", m.Name, len(s.History), s.Change)
				}
			}
		}})
		if _, err := f.deploy(f.Context(), 2, plan()); err != nil {
			f.Error(err)
		}
		f.runs(2)
	})
}

func TestAHistoryThatCannotBeWrittenIsAFailureThatNeedsALook(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.with("web2", hosttest.Fault{Step: hosttest.StepConclude, How: hosttest.Fails})
		r, err := f.deploy(f.Context(), 2, plan(mayFail(1)))
		f.fails(err, "web2: it runs the new release, but its history could not be written")
		f.outcomes(r, host.Live, host.Failed, host.Live)
		f.sound()
		f.live(2)
	})
}

func TestPruneThatFailsIsANotice(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.with("web2", hosttest.Fault{Step: hosttest.StepPrune, How: hosttest.Fails})
		f.live(1)
		f.says("web2: old releases were not removed: prune fails")
	})
}

func TestBatchesPause(t *testing.T) {
	over(t, 5, func(f *fleet) {
		began := time.Now()
		r, err := f.deploy(f.Context(), 1, plan(atATime(2), func(p *rollout.Plan) { p.Pause = time.Hour }))
		if took := time.Since(began); err != nil || took < 2*time.Hour || took > 2*time.Hour+time.Minute || r.Took != took {
			f.Errorf("after %s (it says %s): %v", took, r.Took, err)
		}
	})
}

func TestAMigrationRunsOnTheFirstHostOnly(t *testing.T) {
	over(t, 3, func(f *fleet) {
		migrate := func(p *rollout.Plan) { p.Migrate = "app-migrate.service" }
		f.live(1)
		r, err := f.deploy(f.Context(), 2, plan(migrate))
		if err != nil || r.Migrated != "web1" {
			f.Errorf("migrated on %q, %v", r.Migrated, err)
		}
		for n := range f.machines {
			if got, want := slices.Contains(f.trail(n), hosttest.StepOnce), n == 0; got != want {
				f.Errorf("web%d migrated: %v", n+1, got)
			}
		}
		r, err = f.rollback(f.Context(), plan())
		if err != nil || !slices.Equal(r.MigratedSince, idsOf(2)) {
			f.Errorf("the rollback knows of migrations of %v, %v", r.MigratedSince, err)
		}
		f.says("migrations of " + string(id(2)) + " were started since " + string(id(1)) + " ran")
		f.with("web1", hosttest.Fault{Step: hosttest.StepOnce, How: hosttest.FailsLate})
		r, err = f.deploy(f.Context(), 3, plan(migrate))
		f.fails(err, "nothing was switched on any host", "web1: ")
		if r.Migrated != "web1" {
			f.Errorf("a migration that failed was started on %q", r.Migrated)
		}
		f.runs(1)
	})
}

// A cancel is a failure like any other. At any time it leaves all hosts on what
// they ran before, or on the new release.
func TestACancelAtAnyTimeTakesAllBack(t *testing.T) {
	for when := time.Duration(0); when < 300*time.Millisecond; when += 5 * time.Millisecond {
		over(t, 4, func(f *fleet) {
			f.live(1)
			ctx, cancel := context.WithTimeout(f.Context(), when)
			defer cancel()
			began := time.Now()
			r, err := f.deploy(ctx, 2, plan())
			if took := time.Since(began); took > when+7*time.Second {
				f.Errorf("a cancel after %s: it takes %s", when, took)
			}
			want := 1
			if err == nil {
				want = 2
			}
			f.runs(want)
			if (r.Became == rollout.BecameLive) != (err == nil) {
				f.Errorf("a cancel after %s: %s, %v", when, r.Became, err)
			}
		})
	}
}

func TestWhatHangsWhileItGoesBackAfterACancelIsLeftToTheNextRun(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		ctx, cancel := context.WithCancel(f.Context())
		f.with("web2", hosttest.Fault{Step: hosttest.StepProve, Do: cancel}, hosttest.Fault{Step: hosttest.StepGoBack, How: hosttest.Hangs})
		began := time.Now()
		r, err := f.deploy(ctx, 2, plan())
		if took := time.Since(began); err == nil || took > 7*time.Second {
			f.Errorf("%s, %v after %s", r.Became, err, took)
		}
		f.outcomes(r, host.Reverted, host.GoingBack, host.Skipped)
		f.sound()
		f.live(3)
	})
}
