package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/release"
)

// pruneAll removes old releases. That it cannot is worth a notice and no more.
func (r *run) pruneAll(ctx context.Context, target release.ID) {
	defer r.log.Phase("Prune, keeping %s", count(r.plan.Keep, "release"))()
	each(r.healthy(), func(h *host) {
		if err := r.prune(ctx, h, target); err != nil {
			r.log.Notice(fmt.Sprintf("%s: old releases were not removed: %v", h.name, err))
		}
	})
}

func (r *run) prune(ctx context.Context, h *host, target release.ID) error {
	now := h.seen.Current
	if h.result.Outcome == Live {
		now = h.change.Target()
	}
	protected := []release.ID{target, h.seen.Current.ID, now.ID}
	for _, u := range h.seen.Units {
		protected = append(protected, u.Running)
	}
	old := release.Prune(h.seen.Releases, h.seen.History, r.plan.Keep, protected...)
	kept := slices.DeleteFunc(slices.Clone(h.seen.Releases), func(id release.ID) bool { return slices.Contains(old, id) })
	keys := release.PruneActivations(h.seen.Activations, h.seen.History, kept, now)
	pruned, err := r.on(h).Prune(ctx, old, keys)
	for _, id := range pruned.Removed {
		r.log.Say(h.name, "removed %s", id)
	}
	for _, id := range pruned.InUse {
		r.log.Say(h.name, "kept %s: a process still runs from it", id)
	}
	return err
}
