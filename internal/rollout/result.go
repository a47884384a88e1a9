package rollout

import (
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// Became is how a run as a whole ended.
type Became string

// How a run can end.
const (
	BecameLive       Became = "live"
	BecamePartial    Became = "partial"    // live, except on hosts that were allowed to fail
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
	Hosts         []host.Result
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

// result returns the run's outcome with that of each host.
func (r *run) result(err error) Result {
	res := r.outcome
	res.Began, res.Took = r.began, time.Since(r.began)
	res.Previous, res.Running = r.previous(), r.running()
	unchanged := true
	for _, m := range r.hosts {
		res.Hosts = append(res.Hosts, *m.Result())
		unchanged = unchanged && m.Result().Outcome == host.Unchanged
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
