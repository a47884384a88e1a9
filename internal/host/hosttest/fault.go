package hosttest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Step is one of the things that a run does on a host.
type Step string

// The steps, as the fake does them.
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

// Steps are all of them.
var Steps = []Step{
	StepConnect, StepLock, StepLook, StepRepair, StepStage, StepVerify, StepNote, StepPrepare, StepDrop, StepOnce,
	StepBefore, StepSwitch, StepProve, StepAfter, StepGoBack, StepConclude, StepPrune, StepAdopt,
}

// Fault is what goes wrong at a step.
type Fault struct {
	Step Step
	How  How
	Took time.Duration // that the step takes besides
	Do   func()        // runs when the step has been reached; nil: nothing more
}

// How says how a step goes wrong.
type How int

// The ways.
const (
	Slow      How = iota // only the time of the fault
	Fails                // nothing is done
	FailsLate            // it is done, and the answer is an error
	Hangs                // nothing is done until the run ends the step
)

// ErrKilled is the error of each step of a run that has been killed.
var ErrKilled = errors.New("the run was killed")

// stepTime is how long a step takes on its own.
const stepTime = 10 * time.Millisecond

// step carries out one step, with the fault that a test has for it.
func (f *Fake) step(ctx context.Context, s Step, do func() error) error {
	if f.Killed() {
		return ErrKilled
	}
	f.Trail = append(f.Trail, s)
	fault := f.fault(s)
	if fault.Do != nil {
		fault.Do()
	}
	if err := wait(ctx, stepTime+fault.Took); err != nil {
		return err
	}
	switch {
	case f.Killed():
		return ErrKilled
	case fault.How == Hangs:
		<-ctx.Done()
		return ctx.Err()
	case fault.How == Fails:
		return fmt.Errorf("%s fails, as the test says", s)
	}
	err := do()
	if fault.How == FailsLate && err == nil {
		return fmt.Errorf("%s was done, and its answer lost, as the test says", s)
	}
	return err
}

// fault takes the next fault of a step; there may be several, one for each time.
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
