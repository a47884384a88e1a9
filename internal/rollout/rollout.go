// Package rollout puts a release on hosts and takes it back: connect, lock,
// inspect, repair, stage, activate, prove, revert, prune, history.
//
// It does not know how hosts are reached (a [Candidate] dials), where the
// release comes from (an [Artifact] streams it), or who reads the result.
package rollout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
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
	Close() error
}

// Candidate is a host that is not connected yet.
type Candidate struct {
	Name string
	Dial func(ctx context.Context) (Host, error)
}

// Artifact is a release on the build host.
type Artifact interface {
	Manifest() release.Manifest
	// Export writes the release as a gzipped tar.
	Export(ctx context.Context, w io.Writer) error
}

// Plan is what a rollout is told. It is a plain value: made before any dial.
type Plan struct {
	Layout        release.Layout
	Unit          string
	Target        release.ID // empty for a rollback: chosen from the hosts' history
	HealthURL     *url.URL   // nil: the unit and its process are the only proof
	HealthTimeout time.Duration
	Settle        time.Duration
	Keep          int
	Who           string // the person or account that asked for it
	Run           string // URL of the workflow run; empty on a command line
}

// Outcome is how a run ended on one host.
type Outcome string

// The outcomes of a host.
const (
	Live      Outcome = "live"        // switched to the target and proved
	Unchanged Outcome = "unchanged"   // it ran the target already
	Untouched Outcome = "not changed" // something is wrong with it; it was not switched
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
	UnitLog []string   // the unit log's lines since the activation, on a failure
	Took    time.Duration
}

// Result is what became of a rollout.
type Result struct {
	Verb     release.Verb
	Target   release.ID
	Version  string
	Revision string
	Hosts    []HostResult
}

// run is one rollout under way.
type run struct {
	plan  Plan
	log   *progress.Log
	hosts []*host
	began time.Time
	key   string // of the changes that this run makes
}

// host is one host of a run.
type host struct {
	Host
	name      string
	dial      func(ctx context.Context) (Host, error)
	lock      *script.Lock
	seen      script.Inspection
	seenAt    time.Time // on this machine's clock, when seen.Now was read there
	switched  bool      // activation was begun and not concluded
	change    release.Change
	result    HostResult
	activated time.Time
}

func newRun(plan Plan, candidates []Candidate, log *progress.Log) *run {
	now := time.Now()
	r := &run{plan: plan, log: log, began: now, key: now.UTC().Format("20060102T150405.000000000")}
	for _, c := range candidates {
		r.hosts = append(r.hosts, &host{
			name: c.Name, dial: c.Dial,
			result: HostResult{Host: c.Name, Outcome: Untouched},
		})
	}
	return r
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

func (r *run) result(verb release.Verb, target release.ID, version, revision string) Result {
	res := Result{Verb: verb, Target: target, Version: version, Revision: revision}
	for _, h := range r.hosts {
		res.Hosts = append(res.Hosts, h.result)
	}
	return res
}

// newChange is what this run is about to do on a host.
func (r *run) newChange(h *host, verb release.Verb, to release.ID, version, revision string) release.Change {
	return release.Change{
		Key: r.key, At: r.began.UTC().Truncate(time.Second), Verb: verb, From: h.seen.Current, To: to,
		Version: version, Revision: revision, Who: r.plan.Who, Run: r.plan.Run,
	}
}

func (r *run) holder(verb release.Verb) script.Holder {
	return script.Holder{What: string(verb), Who: r.plan.Who, Since: r.began, Run: r.plan.Run}
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
