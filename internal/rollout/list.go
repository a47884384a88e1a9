package rollout

import (
	"context"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// Listing has the releases of one host, and what was changed there.
type Listing struct {
	Host     string
	Now      int64           // the host's own clock, in seconds
	Releases []Listed        // newest first
	History  release.History // oldest first
	Problem  string          // why the host could not be asked
}

// Listed is one release on a host.
type Listed struct {
	ID      release.ID
	Current bool // the link names it
	Running bool // the units' main processes are it
	Next    bool // a rollback would go back to it
	Bad     bool // a rollback took it back
	KiB     int64
	Change  release.Change // that made it live last; zero if it never was
}

// List asks the hosts what they have. It takes no lock and changes nothing.
func List(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) ([]Listing, error) {
	r := newRun("", plan, candidates, log)
	defer r.part()
	r.hosts.connect(ctx)
	r.lookAtAll(ctx, host.Question{List: true})
	all := make([]Listing, len(r.hosts))
	for i, m := range r.hosts {
		seen := m.Seen()
		all[i] = Listing{Host: m.Name(), Now: seen.Now, Releases: listed(seen), History: seen.History, Problem: m.Result().Problem}
	}
	return all, r.hosts.problems()
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
