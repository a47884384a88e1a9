package release

// Bad reports whether a rollback took this release back, or another one of the
// same revision, and it was not live again since; it returns that rollback. An
// empty revision is equal to none. A release that failed its proof is not bad:
// only a person's rollback says so.
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
	built := map[ID]string{} // a release's revision, where it is known
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
		// What is live now is not bad, also if the rollback took back another
		// environment of it, or another build of its revision.
		delete(ids, c.To)
		delete(revisions, built[c.To])
	}
	return ids, revisions
}
