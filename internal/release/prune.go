package release

import "slices"

// Prune chooses which of the releases on a host to remove. It spares the keep
// releases that were live most recently, the protected ones (running, current, a
// rollback's target), and always the one that a rollback would choose next.
func Prune(present []ID, h History, keep int, protected ...ID) []ID {
	kept := append(slices.Clone(protected), h.needed()...)
	kept = append(kept, h.recent(keep)...)
	var remove []ID
	for _, id := range present {
		if !slices.Contains(kept, id) {
			remove = append(remove, id)
		}
	}
	return remove
}

// needed returns the release that should be running and the next other release
// below it. Steps between environments of one release are skipped: after several
// rollbacks over them, there must still be another release to go back to.
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

// PruneActivations chooses which of the activations on a host, given by their
// keys, to remove. It spares the protected ones (running, current, a rollback's
// target) and those that a rollback to a kept release could use. A name that is
// not a [ValidKey] is not Slipway's, so it is never removed.
func PruneActivations(present []string, h History, keptReleases []ID, protected ...Activation) []string {
	releases := append(slices.Clone(keptReleases), h.needed()...) // Prune keeps these too, even if the caller did not see them
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
