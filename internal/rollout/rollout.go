// Package rollout puts a release on hosts and takes it back: connect, lock,
// inspect, repair, stage, activate, prove, revert, prune, history.
//
// It does not know how hosts are reached (a [Candidate] dials), where the
// release comes from (an [Artifact] streams it), or who reads the result.
package rollout

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Host is what a rollout needs of a connection to a host.
type Host interface {
	script.Machine
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	WriteFile(ctx context.Context, name string, data []byte) error
	// Lost reports whether the connection has ended.
	Lost() bool
	Close() error
}

// Candidate is a host that is not connected yet.
type Candidate struct {
	Name string
	Dial func(ctx context.Context) (Host, error)
	// HasArtifact says that it is the build host, reached as the same user: the
	// release is copied there, and nothing is sent.
	HasArtifact bool
}

// Artifact is a release on the build host.
type Artifact interface {
	Manifest() release.Manifest
	// Export writes the release as a gzipped tar.
	Export(ctx context.Context, w io.Writer) error
	// Relations says how the release's revision stands to others.
	Relations(ctx context.Context, others []string) (map[string]release.Relation, error)
}

// Outcome is how a run ended on one host.
type Outcome string

// The outcomes of a host.
const (
	Live      Outcome = "live"        // switched to the target and proved
	Staged    Outcome = "staged"      // the target lies there, complete
	Unchanged Outcome = "unchanged"   // it ran the target already
	Untouched Outcome = "not changed" // something is wrong with it, or nothing was to be changed
	Skipped   Outcome = "not reached" // another host failed before it was switched
	Reverted  Outcome = "put back"    // switched, and back on what it ran before
	Failed    Outcome = "FAILED"      // needs a look: see the problem
)

// HostResult is what became of one host.
type HostResult struct {
	Host    string
	Outcome Outcome
	Before  release.ID // what was current when the run began; empty: nothing
	After   release.ID // what is current now, as far as the run knows
	Problem string     // why it is not live, empty if it is
	Proof   string     // what was waited for, how often and how long
	UnitLog []string   // the unit log's lines since the activation, on a failure
	Took    time.Duration
	Phases  []Phase // in the order in which they were begun
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
	PhaseLock    = "lock" // and the waiting for it
	PhaseInspect = "inspect"
	PhaseRepair  = "repair"
	PhaseStage   = "stage"  // the release is sent and verified
	PhaseVerify  = "verify" // what lies there already is verified
	PhaseBefore  = "before-activate"
	PhaseSwitch  = "switch" // and restart
	PhaseProve   = "prove"
	PhaseAfter   = "after-activate"
	PhaseGoBack  = "go back"
)

// Became is what became of a run as a whole.
type Became string

// What a run can become.
const (
	BecameLive       Became = "live"
	BecamePartial    Became = "partial"    // live, but for hosts that were allowed to fail
	BecameStaged     Became = "staged"     // complete on every host, and switched on none
	BecameReverted   Became = "reverted"   // taken back wherever it ran
	BecameUnchanged  Became = "unchanged"  // every host ran it already
	BecameSuperseded Became = "superseded" // what runs is newer: nothing was changed
	BecamePlan       Became = "dry-run"    // nothing was to be changed
	BecameFailed     Became = "failed"
)

// Result is what became of a rollout.
type Result struct {
	Verb     release.Verb
	Became   Became
	Notice   string // what a person should know of a run that did not fail
	Target   release.ID
	Version  string
	Revision string
	Ref      string
	Plan     []string // of a dry run: what would be done
	Migrated string   // the host on which migrations were started; empty: none were
	// MigratedSince are the releases whose migrations were started since the target
	// of a rollback ran.
	MigratedSince []release.ID
	Began         time.Time
	Took          time.Duration
	Previous      Version // what most hosts ran before
	Running       Running // what most hosts run now
	Hosts         []HostResult
}

// Version is what is known of a release; zero: nothing runs.
type Version struct {
	ID                     release.ID
	Version, Revision, Ref string
}

// Running is a release that runs, and since when.
type Running struct {
	Version
	Hosts    int // how many run it
	Since    time.Time
	Who, Run string  // who made it so, and in which workflow run
	Before   Version // what ran until then
}

// run is one rollout under way.
type run struct {
	plan    Plan
	log     *progress.Log
	hosts   []*host
	began   time.Time
	key     string // of the changes that this run makes
	outcome Result
}

// host is one host of a run.
type host struct {
	Host
	name        string
	dial        func(ctx context.Context) (Host, error)
	hasArtifact bool
	lock        *script.Lock
	lockErr     error              // why there is none
	to          release.Activation // what it is to run
	seen        script.Inspection
	seenAt      time.Time      // on this machine's clock, when seen.Now was read there
	curl        bool           // the health check runs on the host
	roots       *x509.CertPool // of an https health URL; nil: the system's
	unmet       bool           // what ran before does not meet the ports and the health check either
	switched    bool           // activation was begun and not concluded
	change      release.Change
	result      HostResult
	activated   time.Time
	started     script.Started // the units' invocations before the activation
}

func newRun(verb release.Verb, plan Plan, candidates []Candidate, log *progress.Log) *run {
	now := time.Now()
	r := &run{plan: plan, log: log, began: now, key: now.UTC().Format("20060102T150405.000000000"), outcome: Result{Verb: verb}}
	for _, c := range candidates {
		r.hosts = append(r.hosts, &host{
			name: c.Name, dial: c.Dial, hasArtifact: c.HasArtifact,
			result: HostResult{Host: c.Name, Outcome: Untouched},
		})
	}
	return r
}

// Traced hands on what package script tells of its calls.
func (h *host) Traced(step, what string) {
	if t, ok := h.Host.(script.Tracer); ok {
		t.Traced(step, what)
	}
}

// on returns the scripts of a host.
func (r *run) on(h *host) script.Host {
	return script.Host{Machine: h, Layout: r.plan.Layout, Log: func() io.WriteCloser { return r.log.Output(h.name) }}
}

// fail notes why a host is not where it should be.
func (h *host) fail(o Outcome, err error) error {
	h.result.Outcome = o
	// A connection's errors name the host, and so does who shows this one.
	h.result.Problem = strings.TrimPrefix(err.Error(), h.name+": ")
	return err
}

func (h *host) failed() bool { return h.result.Problem != "" }

// healthy lists the hosts that nothing is known to be wrong with.
func (r *run) healthy() []*host {
	var hosts []*host
	for _, h := range r.hosts {
		if !h.failed() {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// result is the run's outcome with that of each host.
func (r *run) result(err error) Result {
	res := r.outcome
	res.Began, res.Took = r.began, time.Since(r.began)
	res.Previous, res.Running = r.previous(), r.running()
	unchanged := true
	for _, h := range r.hosts {
		res.Hosts = append(res.Hosts, h.result)
		unchanged = unchanged && h.result.Outcome == Unchanged
	}
	switch {
	case err != nil:
		res.Became = BecameFailed
	case res.Became != "":
	case unchanged:
		res.Became = BecameUnchanged
	default:
		res.Became = BecameLive
	}
	return res
}

// problem is what is wrong with the host, nil if nothing is known to be.
func (h *host) problem() error {
	if !h.failed() {
		return nil
	}
	return errors.New(h.result.Problem)
}

// newChange is what this run is about to do on a host.
func (r *run) newChange(h *host, to release.Activation) release.Change {
	from := h.seen.Current
	return release.Change{
		Key: r.key, At: r.began.UTC().Truncate(time.Second), Verb: changes[r.outcome.Verb],
		From: from.ID, FromEnv: from.Env, To: to.ID, ToEnv: to.Env,
		Version: r.outcome.Version, Revision: r.outcome.Revision, Ref: r.outcome.Ref, Forced: r.plan.Force,
		Who: r.plan.Who, Run: r.plan.Run,
	}
}

// changes says as what a verb stands in the history.
var changes = map[release.Verb]release.Verb{
	release.Deploy: release.Deploy, release.Activate: release.Deploy, release.Rollback: release.Rollback, release.Revert: release.Revert,
}

func (r *run) holder() script.Holder {
	return script.Holder{What: string(r.outcome.Verb), Who: r.plan.Who, Since: r.began, Run: r.plan.Run}
}

// problems is everything that is wrong, with the hosts' names.
func (r *run) problems() error {
	var errs []error
	for _, h := range r.hosts {
		if h.failed() {
			errs = append(errs, fmt.Errorf("%s: %s", h.name, h.result.Problem))
		}
	}
	return errors.Join(errs...)
}

func orNothing(id release.ID) string {
	if id == "" {
		return "nothing"
	}
	return string(id)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
