package rollout

import (
	"context"
	"slices"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Listing is what lies on one host, and what was changed there.
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
	each(r.hosts, func(h *host) {
		if err := r.visit(ctx, h); err != nil {
			h.fail(Untouched, err)
		}
	})
	var all []Listing
	for _, h := range r.hosts {
		all = append(all, Listing{Host: h.name, Now: h.seen.Now, Releases: listed(h.seen), History: h.seen.History, Problem: h.result.Problem})
	}
	return all, r.problems()
}

func (r *run) visit(ctx context.Context, h *host) (err error) {
	if h.Host, err = h.dial(ctx); err != nil {
		return err
	}
	h.seen, err = r.on(h).Inspect(ctx, script.Look{Units: r.plan.Units, Sizes: true})
	return err
}

func listed(in script.Inspection) []Listed {
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
