package release

import "slices"

// Stack is what a rollback walks down: a deploy pushes, a rollback or a revert pops. The
// last element is what should be running.
func (h History) Stack() []Activation {
	var stack []Activation
	for _, c := range h {
		stack, _ = after(stack, c)
	}
	return stack
}

// after is the stack after a change, and what the change took from its top. It
// may reuse the memory of the stack before.
func after(stack []Activation, c Change) (now, popped []Activation) {
	at := topmost(stack, func(a Activation) bool { return a == c.Target() })
	switch {
	case c.Outcome != Live:
		return stack, nil
	case c.Verb == Revert:
		return reverted(stack, c), nil
	case c.Verb == Rollback && at >= 0:
		return stack[:at+1], stack[at+1:]
	case at >= 0 && at == len(stack)-1:
		return stack, nil // the same again is no new step to go back over
	}
	return append(stack, c.Target()), nil
}

// reverted is the stack without the step that a revert takes back. What it takes
// off counts as nothing that was popped: it is not bad.
func reverted(stack []Activation, c Change) []Activation {
	if at := topmost(stack, func(a Activation) bool { return a == c.Source() }); at >= 0 {
		stack = stack[:at]
	}
	if n := len(stack); !c.Target().IsZero() && (n == 0 || stack[n-1] != c.Target()) {
		stack = append(stack, c.Target())
	}
	return stack
}

// topmost is the index of the topmost match, -1 if there is none. What is named
// twice in a stack is reached at its upper place, which pops the least.
func topmost(stack []Activation, match func(Activation) bool) int {
	for i, a := range slices.Backward(stack) {
		if match(a) {
			return i
		}
	}
	return -1
}

// Choose returns the activation that a person means by naming a release alone:
// the topmost one of it in the stack, else the one with which it was live the
// last time. If it was never live here, the result is the release without an
// environment, and false. The history does not know what still lies on the host.
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

// Return is what this host goes to when the fleet goes to want: want itself if
// it stands in this host's stack, else this host's own activation of that
// release, as [History.Choose] finds it.
func (h History) Return(want Activation) Activation {
	if slices.Contains(h.Stack(), want) {
		return want
	}
	a, _ := h.Choose(want.ID)
	return a
}

// Before lists the other releases below the topmost a in the stack, topmost
// first and each once: where a rollback can go if a cannot run any more. It is
// empty if a does not stand in the stack.
func (h History) Before(a Activation) []Activation {
	stack := h.Stack()
	at := topmost(stack, func(b Activation) bool { return b == a })
	seen := []ID{a.ID}
	var earlier []Activation
	for _, b := range slices.Backward(stack[:max(0, at)]) {
		if !slices.Contains(seen, b.ID) {
			seen = append(seen, b.ID)
			earlier = append(earlier, b)
		}
	}
	return earlier
}
