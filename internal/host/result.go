package host

import (
	"errors"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Outcome is how a run ended on one host.
type Outcome string

// The outcomes of a host.
const (
	Live      Outcome = "live"        // switched to the target and proved
	Staged    Outcome = "staged"      // has the target, complete
	Unchanged Outcome = "unchanged"   // ran the target already
	Untouched Outcome = "not changed" // something is wrong with it, or nothing was to be changed
	Skipped   Outcome = "not reached" // another host failed before this one was switched
	Reverted  Outcome = "put back"    // switched, and back on what it ran before
	Failed    Outcome = "FAILED"      // needs a look: see the problem
)

// Result is what became of one host.
type Result struct {
	Host    string
	Outcome Outcome
	Before  release.ID // what was current when the run began; empty: nothing
	After   release.ID // what is current now, as far as the run knows
	Problem string     // why it is not live, empty if it is
	Proof   string     // what was waited for, how often and how long
	UnitLog []string   // the unit log's lines since the activation, on a failure
	Took    time.Duration
	Phases  []Phase // in the order in which they began
}

// Phase is a part of a run on one host.
type Phase struct {
	Name   string
	Began  time.Duration // since the run began
	Took   time.Duration
	Failed bool
}

// The phases of a run on a host; a run has those that it needs.
const (
	PhaseConnect = "connect"
	PhaseLock    = "lock" // and the wait for it
	PhaseInspect = "inspect"
	PhaseRepair  = "repair"
	PhaseStage   = "stage"  // the release is sent and verified
	PhaseVerify  = "verify" // a release that the host has is verified
	PhaseBefore  = "before-activate"
	PhaseSwitch  = "switch" // and restart
	PhaseProve   = "prove"
	PhaseAfter   = "after-activate"
	PhaseGoBack  = "go back"
)

// Fail notes why the host is not where it should be.
func (r *Result) Fail(o Outcome, err error) {
	// A connection's errors name the host, and so does whoever prints this one.
	r.Outcome, r.Problem = o, strings.TrimPrefix(err.Error(), r.Host+": ")
}

// Failed reports whether something is known to be wrong with the host.
func (r *Result) Failed() bool { return r.Problem != "" }

// Err returns the problem as an error, nil if there is none.
func (r *Result) Err() error {
	if !r.Failed() {
		return nil
	}
	return errors.New(r.Problem)
}

// timed runs one phase of the run on the host, and notes how long it took.
func (h *Host) timed(phase string, f func() error) error {
	began := time.Since(h.run.Began)
	err := f()
	h.result.Phases = append(h.result.Phases, Phase{
		Name: phase, Began: began, Took: time.Since(h.run.Began) - began, Failed: err != nil,
	})
	return err
}
