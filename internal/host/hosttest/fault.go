package hosttest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apxr/slipway/internal/script"
)

// Step is a step of a run on a host.
type Step string

// The steps of the fake.
const (
	StepConnect  Step = "connect"
	StepLock     Step = "lock"
	StepLook     Step = "look"
	StepRepair   Step = "repair"
	StepStage    Step = "stage"
	StepVerify   Step = "verify"
	StepNote     Step = "note"
	StepPrepare  Step = "prepare"
	StepDrop     Step = "drop"
	StepOnce     Step = "once"
	StepBefore   Step = "before-activate"
	StepSwitch   Step = "switch"
	StepProve    Step = "prove"
	StepAfter    Step = "after-activate"
	StepGoBack   Step = "go back"
	StepConclude Step = "conclude"
	StepPrune    Step = "prune"
	StepAdopt    Step = "adopt"
)

// Steps lists all steps.
var Steps = []Step{
	StepConnect, StepLock, StepLook, StepRepair, StepStage, StepVerify, StepNote, StepPrepare, StepDrop, StepOnce,
	StepBefore, StepSwitch, StepProve, StepAfter, StepGoBack, StepConclude, StepPrune, StepAdopt,
}

// Fault says what goes wrong at a step.
type Fault struct {
	Step Step
	How  How
	Took time.Duration // additional time that the step takes
	Do   func()        // called when the step begins; nil: nothing
}

// How says how a step goes wrong.
type How int

// The ways in which a step can go wrong.
const (
	Slow        How = iota // it only takes longer
	Fails                  // it does nothing and returns an error
	FailsLate              // it does its work and returns an error
	Hangs                  // it does nothing until the run ends it, or until hangTime is over
	Freezes                // the run stands still before it, and loses the lock
	FreezesLate            // the run stands still after it, and loses the lock
)

// ErrKilled is the error of every step after the run was killed.
var ErrKilled = errors.New("the run was killed")

// stepTime is how long a step takes without a fault.
const stepTime = 10 * time.Millisecond

// hangTime is how long a step makes no progress before a run gives up.
const hangTime = 10 * time.Minute

// step carries out one step, with the fault that a test has set for it.
func (f *Fake) step(ctx context.Context, s Step, do func() error) error {
	if f.Killed() {
		return ErrKilled
	}
	f.Trail = append(f.Trail, s)
	fault := f.fault(s)
	if fault.How == Freezes {
		f.Freeze()
	}
	if fault.Do != nil && fault.How != FreezesLate {
		fault.Do()
	}
	if err := wait(ctx, stepTime+fault.Took); err != nil {
		return err
	}
	switch {
	case f.Killed():
		return ErrKilled
	case fault.How == Hangs:
		if err := wait(ctx, hangTime); err != nil {
			return err
		}
		return &script.Hung{Step: string(s), For: hangTime}
	case fault.How == Fails:
		return fmt.Errorf("%s fails, as the test says", s)
	}
	err := do()
	if fault.How == FreezesLate {
		f.Freeze()
		if fault.Do != nil {
			fault.Do()
		}
	}
	if fault.How == FailsLate && err == nil {
		return fmt.Errorf("%s was done, and its answer lost, as the test says", s)
	}
	return err
}

// fault returns and removes the next fault of a step. A step may have several,
// one for each time.
func (f *Fake) fault(s Step) Fault {
	for i, fault := range f.Faults {
		if fault.Step == s {
			f.Faults = append(f.Faults[:i:i], f.Faults[i+1:]...)
			return fault
		}
	}
	return Fault{}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
