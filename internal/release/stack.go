package release

import "slices"

// Stack returns the activations that rollbacks walk down. A deploy pushes one; a
// rollback or a revert pops. The last element should be running.
func (h History) Stack() []Activation {
	var stack []Activation
	for _, c := range h {
		stack, _ = after(stack, c)
	}
	return stack
}

// after returns the stack after a change, and what the change popped. The result
// may share the memory of the old stack.
func after(stack []Activation, c Change) (now, popped []Activation) {
	switch {
	case c.Outcome != Live:
		return stack, nil
	case c.Verb == Revert:
		return reverted(stack, c), nil
	case c.Verb == Rollback:
		if at := highest(stack, c.Target()); at >= 0 {
			return stack[:at+1], stack[at+1:]
		}
	}
	if n := len(stack); n > 0 && stack[n-1] == c.Target() {
		return stack, nil // deploying the same again adds no step
	}
	return append(stack, c.Target()), nil
}

// highest returns the topmost index of an activation, or -1.
func highest(stack []Activation, want Activation) int {
	return topmost(stack, func(a Activation) bool { return a == want })
}

// reverted returns the stack without the step that a revert takes back. What it
// removes does not count as popped, since it is not bad.
func reverted(stack []Activation, c Change) []Activation {
	if at := highest(stack, c.Source()); at >= 0 {
		stack = stack[:at]
	}
	if n := len(stack); !c.Target().IsZero() && (n == 0 || stack[n-1] != c.Target()) {
		stack = append(stack, c.Target())
	}
	return stack
}

// topmost returns the index of the topmost match, or -1. If an activation is in
// the stack twice, a rollback goes to the upper one, which pops the least.
func topmost(stack []Activation, match func(Activation) bool) int {
	for i, a := range slices.Backward(stack) {
		if match(a) {
			return i
		}
	}
	return -1
}

// Choose returns the activation that a person means who names just a release: its
// topmost one in the stack, else the one with which it was last live. If it was
// never live here, Choose returns the release without an environment, and false.
// The history does not know whether the activation is still on the host.
func (h History) Choose(id ID) (Activation, bool) {
	stack := h.Stack()
	if at := topmost(stack, func(a Activation) bool { return a.ID == id }); at >= 0 {
		return stack[at], true
	}
	if a, ok := h.LatestOf(id); ok {
		return a, true
	}
	return Activation{ID: id}, false
}

// Return returns the activation that this host goes back to when its fleet goes
// back to want: want itself if it is in this host's stack, else this host's own
// activation of that release, as [History.Choose] finds it.
func (h History) Return(want Activation) Activation {
	if slices.Contains(h.Stack(), want) {
		return want
	}
	a, _ := h.Choose(want.ID)
	return a
}

// Before lists the other releases below the topmost a in the stack, topmost first
// and each once. A rollback can go to them if a no longer runs. The list is empty
// if a is not in the stack.
func (h History) Before(a Activation) []Activation {
	stack := h.Stack()
	at := highest(stack, a)
	seen := map[ID]bool{a.ID: true}
	var earlier []Activation
	for _, b := range slices.Backward(stack[:max(0, at)]) {
		if !seen[b.ID] {
			seen[b.ID] = true
			earlier = append(earlier, b)
		}
	}
	return earlier
}
