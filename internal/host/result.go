package host

import (
	"errors"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Outcome says how a run ended on one host.
type Outcome string

// The outcomes of a host.
const (
	Live      Outcome = "live"        // switched to the target and proved
	Staged    Outcome = "staged"      // has the target, complete
	Unchanged Outcome = "unchanged"   // already ran the target
	Untouched Outcome = "not changed" // the host has a problem, or the run changes nothing
	Skipped   Outcome = "not reached" // another host failed before this one was switched
	Reverted  Outcome = "put back"    // switched, then back on what it ran before
	GoingBack Outcome = "going back"  // the run had to end before it had seen the host go back
	Failed    Outcome = "FAILED"      // needs a person's attention: see the problem
)

// Result is the result of a run on one host.
type Result struct {
	Host    string
	Outcome Outcome
	Before  release.ID // the current release when the run began; empty: none
	After   release.ID // the current release now, as far as the run knows
	Problem string     // why the host is not live; empty if it is
	Kind    Kind       // of its own problem; empty if another host's failure is the reason
	Known   bool       // the run has looked at the host: Before is true
	Proof   string     // what was waited for, how often and how long
	Short   string     // the problem for headlines; empty: its first line is short enough
	Cause   string     // on a failure: what the unit log says about it
	UnitLog []string   // on a failure: what matters of the unit log since the activation
	Took    time.Duration
	Phases  []Phase // in the order of their start
}

// Phase is a part of a run on one host.
type Phase struct {
	Name   string
	Began  time.Duration // since the start of the run
	Took   time.Duration
	Failed bool
}

// The phases of a run on a host. Each run has only some of them.
const (
	PhaseConnect = "connect"
	PhaseLock    = "lock" // including the wait for the lock
	PhaseInspect = "inspect"
	PhaseRepair  = "repair"
	PhaseStage   = "stage"  // the release is sent and verified
	PhaseVerify  = "verify" // a release that the host has is verified
	PhaseBefore  = "before-activate"
	PhaseSwitch  = "switch" // including the restart
	PhaseProve   = "prove"
	PhaseAfter   = "after-activate"
	PhaseGoBack  = "go back"
)

// Fail notes why the host did not reach its target.
func (r *Result) Fail(o Outcome, err error) {
	// The error of a connection begins with the host's name, which all readers
	// of Problem print too.
	r.Outcome, r.Problem = o, strings.TrimPrefix(err.Error(), r.Host+": ")
	if text := Short(err); text != "" {
		r.Short = text
	}
	if kind := KindOf(err); kind != "" {
		r.Kind = kind // going back after a failure has no kind of its own
	}
}

// Failed reports whether the host has a known problem.
func (r *Result) Failed() bool { return r.Problem != "" }

// Err returns the problem as an error, or nil.
func (r *Result) Err() error {
	if !r.Failed() {
		return nil
	}
	return errors.New(r.Problem)
}

// timed runs one phase of the run on the host, and records how long it took.
func (h *Host) timed(phase string, f func() error) error {
	began := time.Since(h.run.Began)
	err := f()
	h.result.Phases = append(h.result.Phases, Phase{
		Name: phase, Began: began, Took: time.Since(h.run.Began) - began, Failed: err != nil,
	})
	return err
}
