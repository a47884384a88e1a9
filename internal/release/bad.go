package release

// Bad reports whether a release is bad, and returns the rollback that says so: it
// took back this release or another one of the same revision, and neither was
// live again since. An empty revision matches no other. A release that failed its
// proof is not bad: only a person's rollback makes it so.
func (h History) Bad(id ID, revision string) (Change, bool) {
	ids, revisions := h.takenBack()
	if c, ok := ids[id]; ok {
		return c, true
	}
	c, ok := revisions[revision]
	return c, ok
}

// takenBack finds, for each bad release and each bad revision, the latest
// rollback over it.
func (h History) takenBack() (ids map[ID]Change, revisions map[string]Change) {
	ids, revisions = map[ID]Change{}, map[string]Change{}
	built := map[ID]string{} // the revisions of releases, where known
	var stack, popped []Activation
	for _, c := range h {
		if c.Outcome != Live {
			continue
		}
		if c.Revision != "" {
			built[c.To] = c.Revision
		}
		stack, popped = after(stack, c)
		for _, a := range popped {
			ids[a.ID] = c
			if revision := built[a.ID]; revision != "" {
				revisions[revision] = c
			}
		}
		// What is live now is not bad, even if the rollback took back the same
		// release with another environment, or another build of its revision.
		delete(ids, c.To)
		delete(revisions, built[c.To])
	}
	return ids, revisions
}
