package release

import "slices"

// Prune chooses which of the releases that lie on a host to remove: all but the
// keep most recently live ones and the protected ones (running, current, a
// rollback's target). What a rollback would choose next is always kept.
func Prune(present []ID, h History, keep int, protected ...ID) []ID {
	kept := append(slices.Clone(protected), h.needed()...)
	recent := h.recent()
	kept = append(kept, recent[:min(max(0, keep), len(recent))]...)
	var remove []ID
	for _, id := range present {
		if !slices.Contains(kept, id) {
			remove = append(remove, id)
		}
	}
	return remove
}

// needed is what should be running and the release below it. Steps between
// environments of one release are passed over: whoever walks back over them
// must still find another release at their end.
func (h History) needed() []ID {
	stack := h.Stack()
	if len(stack) == 0 {
		return nil
	}
	top := stack[len(stack)-1]
	ids := []ID{top.ID}
	if earlier := h.Before(top); len(earlier) > 0 {
		ids = append(ids, earlier[0].ID)
	}
	return ids
}

// PruneActivations chooses which of the activations that lie on a host, given by
// their keys, to remove: all but the protected ones (running, current, a
// rollback's target) and those through which a kept release can be gone back to.
// What is no [ValidKey] is not Slipway's to remove.
func PruneActivations(present []string, h History, keptReleases []ID, protected ...Activation) []string {
	releases := append(slices.Clone(keptReleases), h.needed()...) // Prune keeps these, whatever the caller saw
	kept := slices.Clone(protected)
	for _, a := range h.Stack() {
		if slices.Contains(releases, a.ID) {
			kept = append(kept, a)
		}
	}
	for _, id := range releases {
		latest, _ := h.LatestOf(id)
		kept = append(kept, latest)
	}
	var remove []string
	for _, key := range present {
		if ValidKey(key) && !slices.ContainsFunc(kept, func(a Activation) bool { return a.Env == key }) {
			remove = append(remove, key)
		}
	}
	return remove
}
