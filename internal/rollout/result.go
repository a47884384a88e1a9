package rollout

import (
	"context"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// Became says how a run as a whole ended.
type Became string

// The ways in which a run can end.
const (
	BecameLive       Became = "live"
	BecamePartial    Became = "partial"    // live, except on hosts that were allowed to fail
	BecameStaged     Became = "staged"     // complete on every host, switched on none
	BecameReverted   Became = "reverted"   // undone on all hosts that ran it
	BecameUnchanged  Became = "unchanged"  // every host already ran it
	BecameSuperseded Became = "superseded" // a newer release runs: nothing was changed
	BecamePlan       Became = "dry-run"    // a dry run: nothing was changed
	BecameFailed     Became = "failed"
)

// Result is the result of a rollout.
type Result struct {
	Verb      release.Verb
	Became    Became
	Cancelled bool // the run failed, and was ended from outside
	DryRun    bool
	Reason    string // of a failure: what concerns the run as a whole; empty: the hosts' problems say all
	Notice    string // what a person should know about a successful run
	Target    release.ID
	Version   string
	Revision  string
	Ref       string
	Digest    release.Digest // of the target; empty: not known
	Plan      []string       // what a dry run would do
	Migrated  string         // the host on which migrations were started; empty: none
	// MigratedSince lists the releases whose migrations were started after the
	// target of a rollback was live.
	MigratedSince []release.ID
	Began         time.Time
	Took          time.Duration
	Previous      Version // what most hosts ran before
	Running       Running // what most hosts run now
	Hosts         []host.Result
}

// Version has what is known about a release; zero: nothing runs.
type Version struct {
	ID                     release.ID
	Version, Revision, Ref string
}

// Running has the release that runs, and since when.
type Running struct {
	Version
	Hosts    int // number of hosts that run it
	Since    time.Time
	Who, Run string  // who activated it, and in which workflow run
	Before   Version // what ran before
}

// noteOvertaken notes a host that this run did not change, and that runs something
// else by now: this run has lost its lock, and another one was there.
func (r *run) noteOvertaken(res *host.Result) {
	changed := res.After != res.Before && res.After != r.outcome.Target
	if changed && (res.Outcome == host.Untouched || res.Outcome == host.Skipped) {
		res.Kind = host.Overtaken
	}
}

// result returns the run's result with those of the hosts.
func (r *run) result(ctx context.Context, err error) Result {
	each(r.hosts, func(m *member) { m.Ask(ctx) })
	res := r.outcome
	res.Began, res.Took = r.began, time.Since(r.began)
	res.Previous, res.Running = r.previous(), r.running()
	unchanged := true
	for _, m := range r.hosts {
		m.Result().Known = !m.Seen().At.IsZero()
		r.noteOvertaken(m.Result())
		res.Hosts = append(res.Hosts, *m.Result())
		unchanged = unchanged && m.Result().Outcome == host.Unchanged
	}
	switch {
	case err != nil:
		res.Became, res.Reason, res.Cancelled = BecameFailed, reasonOf(err), ctx.Err() != nil
	case res.Became != "":
	case unchanged:
		res.Became = BecameUnchanged
	default:
		res.Became = BecameLive
	}
	return res
}
