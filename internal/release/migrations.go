package release

import "slices"

// MigratedSince lists the releases, except that of a, whose migrations were
// started on this host after a was last made live: oldest first, and each once.
// If a was never live here, it lists those that are newer than a.
func (h History) MigratedSince(a Activation) []ID {
	since := -1
	for i, c := range h {
		if c.Outcome == Live && c.Target() == a {
			since = i
		}
	}
	var ids []ID
	for i, c := range h {
		late := i > since
		if since < 0 {
			late = c.To > a.ID
		}
		if c.Verb == Migrate && late && c.To != a.ID && !slices.Contains(ids, c.To) {
			ids = append(ids, c.To)
		}
	}
	return ids
}
