package rollout_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
)

// The hosts that have served the new release longest go back last.
func TestTheLastBatchGoesBackFirst(t *testing.T) {
	over(t, 4, func(f *fleet) {
		f.live(1)
		f.machines[3].Bad[id(2)] = "it exits"
		var order []string
		for _, m := range f.machines {
			f.with(m.Name, hosttest.Fault{Step: hosttest.StepGoBack, Do: func() { order = append(order, m.Name) }})
		}
		_, err := f.deploy(f.Context(), 2, plan())
		f.fails(err, "web4: ")
		if want := []string{"web4", "web3", "web2", "web1"}; !slices.Equal(order, want) {
			f.Errorf("they went back in the order %v, want %v", order, want)
		}
		f.runs(1)
	})
}

// In any order of the settings, a run waits for the first host by name while it
// holds no lock after it, so two runs never wait for each other.
func TestARunThatWaitsHoldsNoLockBehind(t *testing.T) {
	over(t, 3, func(f *fleet) {
		slices.Reverse(f.machines) // web3, web2, web1
		f.live(1)
		release := f.hold(2) // web1
		time.AfterFunc(time.Minute, func() {
			for _, m := range f.machines[:2] {
				if m.State().Locked {
					f.Errorf("%s is locked while the run waits for web1", m.Name)
				}
			}
			release()
		})
		if _, err := f.deploy(f.Context(), 2, plan(wait(time.Hour))); err != nil {
			f.Error(err)
		}
		f.runs(2)
	})
}

// A run that does not get a lock releases all others before it continues to
// look.
func TestARunThatIsRefusedGivesItsLocksBack(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		release := f.hold(1)
		f.with("web1", hosttest.Fault{Step: hosttest.StepLook, Do: func() {
			if f.machines[0].State().Locked {
				f.Error("web1 is still locked")
			}
		}})
		_, err := f.deploy(f.Context(), 2, plan())
		f.fails(err, "web2: held by another run")
		release()
		f.runs(1)
	})
}

// Each host takes longer to go back than a runner allows for all of them.
func TestAPatientCancelTakesHostsBackOneBatchAfterTheOther(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		hurry, hurried := context.WithCancel(f.Context())
		defer hurried()
		ctx, cancel := context.WithCancel(host.Patient(f.Context(), hurry))
		var order []string
		for _, m := range f.machines {
			f.with(m.Name, hosttest.Fault{Step: hosttest.StepGoBack, Do: func() {
				order = append(order, m.Name)
				time.Sleep(10 * time.Second)
			}})
		}
		f.with("web3", hosttest.Fault{Step: hosttest.StepProve, Do: cancel})
		r, err := f.deploy(ctx, 2, plan())
		f.fails(err, "cancelled")
		if want := []string{"web3", "web2", "web1"}; !slices.Equal(order, want) {
			f.Errorf("they went back in the order %v, want %v", order, want)
		}
		f.outcomes(r, host.Reverted, host.Reverted, host.Reverted)
		f.runs(1)
	})
}

// The second Ctrl-C leaves what still goes back to the next run.
func TestAHurriedRunReportsNoHostAsFailedThatIsGoingBack(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		hurry, hurried := context.WithCancel(f.Context())
		ctx, cancel := context.WithCancel(host.Patient(f.Context(), hurry))
		f.with("web2", hosttest.Fault{Step: hosttest.StepProve, Do: cancel}, hosttest.Fault{Step: hosttest.StepGoBack, How: hosttest.Hangs})
		time.AfterFunc(time.Minute, hurried)
		began := time.Now()
		r, err := f.deploy(ctx, 2, plan())
		if took := time.Since(began); err == nil || took < time.Minute || took > time.Minute+7*time.Second {
			f.Errorf("%v after %s", err, took)
		}
		f.outcomes(r, host.Reverted, host.GoingBack, host.Skipped)
		f.sound()
		f.live(3)
	})
}
