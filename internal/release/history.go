package release

import (
	"encoding/json"
	"slices"
	"time"
)

// Verb is what a person or a workflow asked for.
type Verb string

// The verbs that change a host.
const (
	Deploy   Verb = "deploy"
	Rollback Verb = "rollback"
)

// Outcome is how a change ended on one host.
type Outcome string

// The outcomes that a history records.
const (
	Live        Outcome = "live"        // switched, restarted and proved
	Reverted    Outcome = "reverted"    // the run failed; this host went back to From
	Interrupted Outcome = "interrupted" // the run died; a later run went back to From
)

// Change is one line of a host's history; the same value, without an outcome,
// is the change record while the change is under way.
type Change struct {
	Key      string    `json:"key"` // tells one change from any other
	At       time.Time `json:"at"`
	Verb     Verb      `json:"verb"`
	From     ID        `json:"from,omitempty"` // empty: nothing was there before
	To       ID        `json:"to"`
	Version  string    `json:"version,omitempty"`
	Revision string    `json:"revision,omitempty"`
	Who      string    `json:"who,omitempty"`
	Run      string    `json:"run,omitempty"` // URL of the workflow run
	Outcome  Outcome   `json:"outcome,omitempty"`
	Reason   string    `json:"reason,omitempty"` // why it was reverted
}

// JSON is the change as one line, without the line break.
func (c Change) JSON() (string, error) {
	data, err := json.Marshal(c)
	return string(data), err
}

// History is what happened on a host, oldest first. Its order is the order of
// the lines; the clocks in them are for people.
type History []Change

// ParseHistory reads one JSON line per change. A line that cannot be read (a
// power cut can tear the last one) is passed over: it never became a change.
func ParseHistory(lines []string) History {
	var h History
	for _, line := range lines {
		var c Change
		if json.Unmarshal([]byte(line), &c) == nil && c.To != "" {
			h = append(h, c)
		}
	}
	return h
}

// Stack is what a rollback walks down: a deploy pushes, a rollback pops. The
// last element is what should be running.
func (h History) Stack() []ID {
	var stack []ID
	for _, c := range h {
		if c.Outcome != Live {
			continue
		}
		at := slices.Index(stack, c.To)
		switch {
		case c.Verb == Rollback && at >= 0:
			stack = stack[:at+1]
		case len(stack) > 0 && stack[len(stack)-1] == c.To:
			// the same release again is no new step to go back over
		default:
			stack = append(stack, c.To)
		}
	}
	return stack
}

// Find returns the latest change that made id live.
func (h History) Find(id ID) (Change, bool) {
	for _, c := range slices.Backward(h) {
		if c.To == id && c.Outcome == Live {
			return c, true
		}
	}
	return Change{}, false
}

// Has reports whether the change with this key is already recorded.
func (h History) Has(key string) bool {
	return slices.ContainsFunc(h, func(c Change) bool { return c.Key == key })
}

// recent lists releases by their latest time of being live, newest first.
func (h History) recent() []ID {
	var ids []ID
	for _, c := range slices.Backward(h) {
		if c.Outcome == Live && !slices.Contains(ids, c.To) {
			ids = append(ids, c.To)
		}
	}
	return ids
}
