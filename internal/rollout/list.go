package rollout

import (
	"context"
	"slices"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Listing is what lies on one host.
type Listing struct {
	Host     string
	Releases []Listed // newest first
	Problem  string   // why the host could not be asked
}

// Listed is one release on a host.
type Listed struct {
	ID      release.ID
	Current bool // the link names it
	Running bool // the unit's main process is it
	Next    bool // a rollback would go back to it
	Change  release.Change
}

// List asks the hosts what they have. It takes no lock and changes nothing.
func List(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) ([]Listing, error) {
	r := newRun(plan, candidates, log)
	defer r.part()
	each(r.hosts, func(h *host) {
		if err := r.visit(ctx, h); err != nil {
			h.fail(Untouched, err)
		}
	})
	var all []Listing
	for _, h := range r.hosts {
		all = append(all, Listing{Host: h.name, Releases: listed(h.seen), Problem: h.result.Problem})
	}
	return all, r.problems()
}

func (r *run) visit(ctx context.Context, h *host) (err error) {
	if h.Host, err = h.dial(ctx); err != nil {
		return err
	}
	out := r.log.Output(h.name)
	defer out.Close()
	h.seen, err = script.Inspect(ctx, h, r.plan.Layout, r.plan.Unit, out)
	return err
}

func listed(in script.Inspection) []Listed {
	stack := in.History.Stack()
	var list []Listed
	for _, id := range slices.Backward(slices.Sorted(slices.Values(in.Releases))) {
		change, _ := in.History.Find(id)
		list = append(list, Listed{
			ID: id, Current: id == in.Current, Running: id == in.Running,
			Next:   len(stack) > 1 && id == stack[len(stack)-2],
			Change: change,
		})
	}
	return list
}
