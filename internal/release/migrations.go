package release

import "slices"

// MigratedSince lists the releases whose migrations were started on this host
// after a was made live the last time, oldest first and each once, a's own left
// out. If a was never live here, the newer releases than a count.
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
