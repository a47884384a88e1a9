package rollout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

func idsOf(numbers ...int) []release.ID {
	var all []release.ID
	for _, n := range numbers {
		all = append(all, id(n))
	}
	return all
}

func TestARollbackWalksDownTheStack(t *testing.T) {
	over(t, 3, func(f *fleet) {
		for n := range 3 {
			f.live(n + 1)
		}
		for _, want := range []int{2, 1} {
			r, err := f.rollback(f.Context(), plan())
			if err != nil || r.Became != rollout.BecameLive || r.Target != id(want) || r.Version == "" {
				f.Errorf("%s, %v, target %s %q", r.Became, err, r.Target, r.Version)
			}
			f.runs(want)
		}
		_, err := f.rollback(f.Context(), plan())
		f.fails(err, "")
		f.runs(1)
		f.live(4)
		if _, err := f.rollback(f.Context(), plan()); err != nil {
			f.Error(err)
		}
		f.runs(1)
	})
}

func TestARollbackGoesOnPastHostsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		step hosttest.Step
		want host.Outcome
		runs int // the release on web2 afterwards
	}{
		"not reached":     {hosttest.StepConnect, host.Untouched, 2},
		"not seen":        {hosttest.StepLook, host.Untouched, 2},
		"damaged there":   {hosttest.StepVerify, host.Untouched, 2},
		"not switched":    {hosttest.StepBefore, host.Untouched, 2},
		"not proved":      {hosttest.StepProve, host.Reverted, 2},
		"not in its file": {hosttest.StepConclude, host.Failed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			over(t, 3, func(f *fleet) {
				f.live(1)
				f.live(2)
				f.with("web2", hosttest.Fault{Step: c.step, How: hosttest.Fails})
				r, err := f.rollback(f.Context(), plan())
				f.fails(err, "web2: ")
				f.outcomes(r, host.Live, c.want, host.Live)
				if c.runs > 0 {
					f.runs(1, c.runs, 1)
				}
				f.sound()
				if _, err := f.rollback(f.Context(), plan(to(id(1)))); err != nil {
					f.Errorf("the same again: %v", err)
				}
				f.runs(1)
			})
		})
	}
}

func TestARollbackByID(t *testing.T) {
	over(t, 2, func(f *fleet) {
		for n := range 3 {
			f.live(n + 1)
		}
		if _, err := f.rollback(f.Context(), plan(to(id(1)))); err != nil {
			f.Error(err)
		}
		f.runs(1)
		r, err := f.rollback(f.Context(), plan(to(id(1))))
		if err != nil || r.Became != rollout.BecameUnchanged {
			f.Errorf("the same again: %s, %v", r.Became, err)
		}
		_, err = f.rollback(f.Context(), plan(to("20300101T000000")))
		f.fails(err, "web1: release 20300101T000000 is not on this host", "web2: ")
		f.runs(1)
	})
}

func TestARehearsalOfARollbackChangesNothing(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.live(2)
		r, err := f.rollback(f.Context(), plan(dryRun))
		if err != nil || r.Became != rollout.BecamePlan {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.says("web3: would go from " + string(id(2)) + " to " + string(id(1)))
		f.with("web2", hosttest.Fault{Step: hosttest.StepVerify, How: hosttest.Fails})
		_, err = f.rollback(f.Context(), plan(dryRun))
		f.fails(err, "web2: verify fails")
		f.runs(2)
	})
}

func TestAFleetInWhichNothingRanBeforeIsNotRolledBack(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		_, err := f.rollback(f.Context(), plan())
		f.fails(err, "")
		f.runs(1)
		for _, m := range f.machines {
			m.Findings = errors.New("broken")
		}
		_, err = f.rollback(f.Context(), plan())
		f.fails(err, "no host can be rolled back", "web1: broken")
		_, err = f.rollback(f.Context(), plan(dryRun))
		f.fails(err, "no host can be rolled back")
	})
}

func TestWhatAHostLacksComesFromTheBuildHost(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.live(2)
		f.machines = append(f.machines, hosttest.NewMachine("web4"), hosttest.NewMachine("web5"))
		f.machines[4].Small = true
		asked := 0
		fetch := func(_ context.Context, want release.ID) (rollout.Artifact, func(), error) {
			asked++
			if want != id(1) {
				f.Errorf("it fetches %s", want)
			}
			return artifact(1), func() { asked++ }, nil
		}
		r, err := rollout.Rollback(f.Context(), plan(), f.candidates(), fetch, f.logTo())
		f.fails(err, "web5: release "+string(id(1))+" is not on this host")
		f.outcomes(r, host.Live, host.Live, host.Live, host.Live, host.Untouched)
		if asked != 2 {
			f.Errorf("the build host was opened and closed %d times", asked)
		}
		f.says("web5: there is no room")
		f.runs(1, 1, 1, 1, 0)
	})
}

func TestABuildHostThatCannotBeReachedIsANotice(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		f.live(2)
		f.machines = append(f.machines, hosttest.NewMachine("web3"))
		fetch := func(context.Context, release.ID) (rollout.Artifact, func(), error) {
			return nil, nil, errors.New("no route")
		}
		_, err := rollout.Rollback(f.Context(), plan(), f.candidates(), fetch, f.logTo())
		f.fails(err, "web3: ")
		f.says("web3: release " + string(id(1)) + " is missing, and cannot be fetched from the build host: no route")
		f.runs(1, 1, 0)
	})
}

// The next deploy or rollback repairs a run that was killed at any point.
func TestARunThatDiesIsRepairedByTheNext(t *testing.T) {
	for _, step := range hosttest.Steps {
		for _, next := range []string{"deploy", "rollback"} {
			over(t, 3, func(f *fleet) {
				f.live(1)
				f.live(2)
				f.with("web2", hosttest.Fault{Step: step, How: hosttest.FailsLate, Do: func() { f.killed.Store(true) }})
				f.deploy(f.Context(), 3, plan())
				f.sound()
				want := 1
				if next == "deploy" {
					want = 4
					if _, err := f.deploy(f.Context(), 4, plan()); err != nil {
						f.Errorf("killed at %s, then a deploy: %v", step, err)
					}
				} else if r, err := f.rollback(f.Context(), plan()); err != nil {
					f.Errorf("killed at %s, then a rollback: %v", step, err)
				} else if r.Target == id(2) {
					want = 2 // the dead run left an unproved release: the rollback only undoes that
				}
				f.runs(want)
			})
		}
	}
}

func TestAFirstDeployThatDiedIsRolledBackToNothing(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.with("web2", hosttest.Fault{Step: hosttest.StepAfter, Do: func() { f.killed.Store(true) }})
		f.deploy(f.Context(), 1, plan())
		r, err := f.rollback(f.Context(), plan())
		if err != nil || r.Target != "" {
			f.Errorf("%s to %q, %v", r.Became, r.Target, err)
		}
		f.runs(0)
	})
}

func TestADeployInPartsIsAsOneInOne(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		r, err := rollout.Stage(f.Context(), plan(), f.candidates(), artifact(2), f.logTo())
		if err != nil || r.Became != rollout.BecameStaged {
			f.Fatalf("%s, %v", r.Became, err)
		}
		f.outcomes(r, host.Staged, host.Staged, host.Staged)
		f.runs(1)
		r, err = rollout.Activate(f.Context(), plan(to(id(2))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameLive || r.Version != "0.2.0" {
			f.Fatalf("%s, %v", r.Became, err)
		}
		f.runs(2)
		r, err = rollout.Activate(f.Context(), plan(to(id(2))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameUnchanged {
			f.Fatalf("the same again: %s, %v", r.Became, err)
		}
		r, err = rollout.Revert(f.Context(), plan(expect(id(2))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameReverted {
			f.Fatalf("%s, %v", r.Became, err)
		}
		f.outcomes(r, host.Reverted, host.Reverted, host.Reverted)
		f.runs(1)
		r, err = rollout.Revert(f.Context(), plan(expect(id(2))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameUnchanged {
			f.Fatalf("nothing to take back: %s, %v", r.Became, err)
		}
		f.says("runs " + string(id(1)) + ", and not " + string(id(2)) + ": nothing to take back")
	})
}

func rolledBack(f *fleet) {
	f.Helper()
	if _, err := f.rollback(f.Context(), plan()); err != nil {
		f.Fatal(err)
	}
}

func TestWhatWasStagedIsActivatedWhereNothingElseWasDeployed(t *testing.T) {
	for name, c := range map[string]struct {
		between func(*fleet)
		plan    rollout.Plan
		says    string // empty: the release is activated
	}{
		"nothing":               {func(*fleet) {}, plan(to(id(3))), ""},
		"a rollback":            {rolledBack, plan(to(id(3))), "something else was deployed since then; stage it again"},
		"what is expected":      {rolledBack, plan(to(id(3)), expect(id(1))), ""},
		"not what is expected":  {func(*fleet) {}, plan(to(id(3)), expect(id(1))), "and " + string(id(1)) + " is expected"},
		"never staged":          {func(*fleet) {}, plan(to(id(4))), "the staging note of release " + string(id(4)) + " is about"},
		"no longer what it was": {func(f *fleet) { f.with("web2", hosttest.Fault{Step: hosttest.StepVerify, How: hosttest.Fails}) }, plan(to(id(3))), "web2: verify fails"},
	} {
		t.Run(name, func(t *testing.T) {
			over(t, 2, func(f *fleet) {
				f.live(1)
				f.live(2)
				if _, err := rollout.Stage(f.Context(), plan(), f.candidates(), artifact(3), f.logTo()); err != nil {
					f.Fatal(err)
				}
				c.between(f)
				before := f.machines[0].State().Current
				_, err := rollout.Activate(f.Context(), c.plan, f.candidates(), f.logTo())
				if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
					f.Errorf("%v, want %q", err, c.says)
				}
				if now := f.machines[0].State().Current; (now == before) != (c.says != "") {
					f.Errorf("current was %s, and is %s", before, now)
				}
				f.sound()
			})
		})
	}
}

func TestWhatWasNeverStagedIsNotActivated(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		_, err := rollout.Activate(f.Context(), plan(to(id(2))), f.candidates(), f.logTo())
		f.fails(err, "release "+string(id(2))+" was not staged here: run stage first")
		f.runs(1)
	})
}

func TestASupersededReleaseIsStagedAndNotActivated(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(2)
		r, err := rollout.Stage(f.Context(), plan(), f.candidates(), artifact(1), f.logTo())
		if err != nil || r.Became != rollout.BecameSuperseded {
			f.Fatalf("%s, %v", r.Became, err)
		}
		r, err = rollout.Activate(f.Context(), plan(to(id(1))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameSuperseded || r.Notice == "" {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.runs(2)
	})
}

// The part that activates a release knows that it was requested by name.
func TestForceIsStagedWithTheRelease(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(2)
		forced := func(p *rollout.Plan) { p.Force = true }
		if _, err := rollout.Stage(f.Context(), plan(forced), f.candidates(), artifact(1), f.logTo()); err != nil {
			f.Fatal(err)
		}
		if _, err := rollout.Activate(f.Context(), plan(to(id(1))), f.candidates(), f.logTo()); err != nil {
			f.Fatal(err)
		}
		f.runs(1)
		for _, m := range f.machines {
			if made, _ := m.State().History.Find(id(1)); !made.Forced {
				f.Errorf("%s: the history has %+v", m.Name, made)
			}
		}
	})
}

func TestANoteThatCannotBeWrittenEndsTheStage(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.with("web1", hosttest.Fault{Step: hosttest.StepNote, How: hosttest.Fails})
		_, err := rollout.Stage(f.Context(), plan(), f.candidates(), artifact(1), f.logTo())
		f.fails(err, "web1: note fails")
	})
}

func TestARevertLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		then func(*fleet)
		says string // empty: the release is taken back
		runs int
	}{
		"a deploy":                   {func(*fleet) {}, "", 1},
		"something else since":       {func(f *fleet) { f.live(3) }, "something else was deployed since then", 3},
		"what is no longer there":    {func(f *fleet) { f.with("web1", hosttest.Fault{Step: hosttest.StepVerify, How: hosttest.Fails}) }, id2 + " cannot be taken back: verify fails", 0},
		"what does not come back":    {func(f *fleet) { f.with("web1", hosttest.Fault{Step: hosttest.StepGoBack, How: hosttest.Fails}) }, "taking " + id2 + " back; going back to", 0},
		"what cannot be written":     {func(f *fleet) { f.with("web1", hosttest.Fault{Step: hosttest.StepConclude, How: hosttest.Fails}) }, "its history could not be written", 0},
		"a host that is not reached": {func(f *fleet) { f.with("web1", hosttest.Fault{Step: hosttest.StepConnect, How: hosttest.Fails}) }, "web1: connect fails", 0},
	} {
		t.Run(name, func(t *testing.T) {
			over(t, 3, func(f *fleet) {
				f.live(1)
				f.live(2)
				c.then(f)
				r, err := rollout.Revert(f.Context(), plan(expect(id(2)), atATime(2)), f.candidates(), f.logTo())
				if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
					f.Errorf("%s, %v, want %q", r.Became, err, c.says)
				}
				if c.runs > 0 {
					f.runs(c.runs)
					return
				}
				f.sound()
				for _, m := range f.machines[1:] { // a host that fails stops no other
					if got := m.State().Current.ID; got != id(1) {
						f.Errorf("%s: current is %s", m.Name, got)
					}
				}
			})
		})
	}
}

var id2 = string(id(2))

func TestARevertToNothing(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		r, err := rollout.Revert(f.Context(), plan(expect(id(1))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameReverted {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.runs(0)
	})
}

func TestAReleaseThatRanBeforeItWasStagedIsNotTakenBack(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		f.live(2)
		for range 2 {
			if _, err := rollout.Stage(f.Context(), plan(), f.candidates(), artifact(2), f.logTo()); err != nil {
				f.Fatal(err)
			}
		}
		r, err := rollout.Revert(f.Context(), plan(expect(id(2))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameUnchanged {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.says("ran " + id2 + " before it was staged: nothing to take back")
		f.runs(2)
	})
}

func TestOfTwoRunsOneWaitsForTheOther(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		type ended struct {
			rollout.Result
			err error
		}
		all := make(chan ended)
		for n, w := range []time.Duration{0, time.Hour} {
			candidates := f.candidates()
			go func() {
				time.Sleep(time.Duration(n) * 25 * time.Millisecond) // by then the first run has its locks
				r, err := rollout.Deploy(f.Context(), plan(wait(w)), candidates, artifact(n+2), f.logTo())
				all <- ended{r, err}
			}()
		}
		for range 2 {
			if e := <-all; e.err != nil || e.Became != rollout.BecameLive {
				f.Errorf("%s, %v", e.Became, e.err)
			}
		}
		f.runs(3)
	})
}

func TestALockThatIsHeldEndsARunThatDoesNotWait(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		release := f.hold(1)
		f.machines[2].Findings = errors.New("no unit")
		for name, run := range map[string]func() error{
			"deploy":   func() error { _, err := f.deploy(f.Context(), 2, plan(mayFail(3))); return err },
			"rollback": func() error { _, err := f.rollback(f.Context(), plan()); return err },
			"revert": func() error {
				_, err := rollout.Revert(f.Context(), plan(expect(id(1))), f.candidates(), f.logTo())
				return err
			},
		} {
			err := run()
			f.fails(err, "web2: held by another run", "web3: no unit")
			if f.fakes[0].Trail[1] != hosttest.StepLock || slices.Contains(f.trail(0), hosttest.StepSwitch) {
				f.Errorf("%s did %v on web1", name, f.trail(0))
			}
		}
		f.machines[2].Findings = nil
		release()
		f.runs(1)
	})
}

// hold takes the lock of a host as another run would. The returned function
// releases it.
func (f *fleet) hold(n int) func() {
	f.Helper()
	other := hosttest.New(f.machines[n], &host.Run{})
	if err := other.Lock(f.Context(), 0); err != nil {
		f.Fatal(err)
	}
	return func() { other.Close() }
}

func TestListsNeedNoLock(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.live(2)
		release := f.hold(0)
		f.with("web3", hosttest.Fault{Step: hosttest.StepConnect, How: hosttest.Fails})
		all, err := rollout.List(f.Context(), plan(), f.candidates(), f.logTo())
		f.fails(err, "web3: connect fails")
		release()
		if len(all) != 3 || len(all[0].Releases) != 2 || len(all[0].History) != 2 || all[2].Problem == "" {
			f.Fatalf("%+v", all)
		}
		newest, older := all[0].Releases[0], all[0].Releases[1]
		if newest.ID != id(2) || !newest.Current || !newest.Running || newest.Next || !older.Next || older.Current || older.Change.Version != "0.1.0" {
			f.Errorf("%+v, %+v", newest, older)
		}
	})
}
