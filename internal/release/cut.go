package release

import "slices"

// A host sends only the latest changes of a long history. What is decided from them
// is what the whole history would decide, if two things hold: no older change names
// a release or a revision that the decision is about (the host tests that, see
// [History.Latest]), and [History.Suffices].

// Latest returns the latest changes, at most this many, and how many there are
// before those. If one of the older changes has one of the words, it returns all:
// release IDs and revisions that a decision may be about.
func (h History) Latest(most int, words []string) (latest History, older int) {
	older = max(0, len(h)-most)
	for _, c := range h[:older] {
		for _, word := range []string{string(c.From), string(c.To), c.Revision} {
			if word != "" && slices.Contains(words, word) {
				return h, 0
			}
		}
	}
	return h[older:], older
}

// Suffices reports whether the latest changes decide alone, on a host that keeps
// this many releases: no rollback or revert among them led to what was live before
// them, they have as many releases as are kept, and one below the running one.
func (h History) Suffices(keep int) bool {
	var stack []Activation
	for _, c := range h {
		if c.Outcome == Live && leadsBelow(stack, c) {
			return false
		}
		stack, _ = after(stack, c)
	}
	return len(h.recent(keep)) >= keep && len(h.needed()) > 1
}

// leadsBelow reports whether a change concerns activations below a stack.
func leadsBelow(stack []Activation, c Change) bool {
	switch c.Verb {
	case Rollback:
		return highest(stack, c.Target()) < 0
	case Revert:
		return highest(stack, c.Source()) < 0
	}
	return false
}

// LastKey returns the key of the latest change, or "".
func (h History) LastKey() string {
	if len(h) == 0 {
		return ""
	}
	return h[len(h)-1].Key
}
