package rollout

import (
	"context"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// Listing has the releases of one host and its history.
type Listing struct {
	Host     string
	Now      int64           // the host's own clock, in seconds
	Releases []Listed        // newest first
	History  release.History // oldest first
	Problem  string          // why the host gave no answer
}

// Listed is one release on a host.
type Listed struct {
	ID      release.ID
	Current bool // target of the link current
	Running bool // release of the units' main processes
	Next    bool // a rollback would choose it
	Bad     bool // a rollback removed it
	KiB     int64
	Change  release.Change // the change that last made it live; zero: it never was
}

// List returns what the hosts have. It takes no lock and changes nothing. Of a long
// history it has only the latest changes.
func List(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) ([]Listing, error) {
	return list(ctx, host.Question{List: true}, newRun("", plan, candidates, log))
}

// ListChanges does the same with the whole histories.
func ListChanges(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) ([]Listing, error) {
	return list(ctx, host.Question{List: true, Whole: true}, newRun("", plan, candidates, log))
}

func list(ctx context.Context, q host.Question, r *run) ([]Listing, error) {
	defer r.part()
	r.hosts.connect(ctx)
	r.lookAtAll(ctx, q)
	all := make([]Listing, len(r.hosts))
	for i, m := range r.hosts {
		seen := m.Seen()
		all[i] = Listing{Host: m.Name(), Now: seen.Now, Releases: listed(seen), History: seen.History, Problem: m.Result().Problem}
	}
	return all, r.problems()
}

func listed(in host.Seen) []Listed {
	stack := in.History.Stack()
	var list []Listed
	for _, id := range slices.Backward(slices.Sorted(slices.Values(in.Releases))) {
		change, _ := in.History.Find(id)
		_, bad := in.History.Bad(id, "")
		list = append(list, Listed{
			ID: id, Current: id == in.Current.ID, Running: id == in.Running(),
			Next: len(stack) > 1 && id == stack[len(stack)-2].ID,
			Bad:  bad, KiB: in.Sizes[id], Change: change,
		})
	}
	return list
}
