package host

import (
	"context"
	"slices"

	"github.com/apxr/slipway/internal/release"
)

// Prune removes old releases and their environments. It keeps what runs, what
// ran before it, and the target.
func (h *Host) Prune(ctx context.Context, target release.ID) error {
	now := h.seen.Current
	if h.result.Outcome == Live {
		now = h.change.Target()
	}
	protected := []release.ID{target, h.seen.Current.ID, now.ID}
	for _, u := range h.seen.Units {
		protected = append(protected, u.Running)
	}
	old := release.Prune(h.seen.Releases, h.seen.History, h.plan().Keep, protected...)
	kept := slices.DeleteFunc(slices.Clone(h.seen.Releases), func(id release.ID) bool { return slices.Contains(old, id) })
	keys := release.PruneActivations(h.seen.Activations, h.seen.History, kept, now)
	if len(old)+len(keys)+len(h.seen.Leftovers) == 0 {
		return nil
	}
	pruned, err := h.script().Prune(ctx, old, keys)
	for _, id := range pruned.Removed {
		h.say("removed %s", id)
	}
	for _, id := range pruned.InUse {
		h.say("kept %s: a process still runs from it", id)
	}
	return err
}
