package release

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Verb is what a person or a workflow asked for.
type Verb string

// The verbs that change a host.
const (
	Deploy   Verb = "deploy"
	Rollback Verb = "rollback"
	// Revert takes a deploy back because another part of its fleet failed: like
	// a rollback, but nobody has said that the release is bad.
	Revert Verb = "revert"
	// Migrate is the start of the unit for migrations, before the switch to To. It
	// changes no release: it is in the history because a rollback does not take it
	// back.
	Migrate Verb = "migrate"
)

// The verbs that are a part of a deploy; in a history they stand as one.
const (
	Stage    Verb = "stage"
	Activate Verb = "activate"
)

// Outcome is how a change ended on one host.
type Outcome string

// The outcomes that a history records.
const (
	Live        Outcome = "live"        // switched, restarted and proved
	Reverted    Outcome = "reverted"    // the run failed; this host went back to From
	Interrupted Outcome = "interrupted" // the run died; a later run went back to From
	Started     Outcome = "started"     // a migration: how it ended, its unit log knows
)

// Change is one line of a host's history; the same value, without an outcome,
// is the change record while the change is under way.
type Change struct {
	Key      string    `json:"key"` // tells one change from any other
	At       time.Time `json:"at"`
	Verb     Verb      `json:"verb"`
	From     ID        `json:"from,omitempty"`     // empty: nothing was there before
	FromEnv  string    `json:"from_env,omitempty"` // key of From's environment; empty: it had none
	To       ID        `json:"to"`                 // empty: a revert to nothing
	ToEnv    string    `json:"to_env,omitempty"`   // key of To's environment; empty: it has none
	Version  string    `json:"version,omitempty"`
	Revision string    `json:"revision,omitempty"`
	Ref      string    `json:"ref,omitempty"`    // the branch, tag or pull request that it was built from
	Forced   bool      `json:"forced,omitempty"` // asked for by name, against the judgement
	Who      string    `json:"who,omitempty"`
	Run      string    `json:"run,omitempty"` // URL of the workflow run
	Outcome  Outcome   `json:"outcome,omitempty"`
	Reason   string    `json:"reason,omitempty"` // why it was reverted
}

// Source is what was switched on before the change; zero if nothing was.
func (c Change) Source() Activation { return Activation{c.From, c.FromEnv} }

// Target is what the change switches on.
func (c Change) Target() Activation { return Activation{c.To, c.ToEnv} }

// JSON is the change as one line, without the line break.
func (c Change) JSON() (string, error) {
	data, err := json.Marshal(c)
	return string(data), err
}

// wellFormed reports whether what the change names can become paths on a host.
// A history is a file that others could have written.
func (c Change) wellFormed() bool {
	_, badTo := ParseID(string(c.To))
	_, badFrom := ParseID(string(c.From))
	toNothing := c.To == "" && c.ToEnv == "" && c.Verb == Revert && c.From != ""
	return (badTo == nil || toNothing) && (c.From == "" || badFrom == nil) &&
		(c.FromEnv == "" || ValidKey(c.FromEnv)) && (c.ToEnv == "" || ValidKey(c.ToEnv)) &&
		validKey(c.Key) &&
		slices.Contains([]Verb{Deploy, Rollback, Revert, Migrate}, c.Verb) &&
		slices.Contains([]Outcome{"", Live, Reverted, Interrupted, Started}, c.Outcome) &&
		(c.Verb == Migrate) == (c.Outcome == Started)
}

// validKey accepts more than [ValidKey]: this one only tells changes apart, and
// is compared and never made into a path.
func validKey(s string) bool {
	return len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// History is what happened on a host, oldest first. Its order is the order of
// the lines; the clocks in them are for people.
type History []Change

// ParseHistory reads one JSON line per change. A line that cannot be read (a
// power cut can tear the last one) or that no Slipway writes is passed over: it
// never became a change.
func ParseHistory(lines []string) History {
	var h History
	for _, line := range lines {
		var c Change
		if json.Unmarshal([]byte(line), &c) == nil && c.wellFormed() {
			h = append(h, c)
		}
	}
	return h
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

// LatestOf returns the activation with which id was live the last time.
func (h History) LatestOf(id ID) (Activation, bool) {
	c, ok := h.Find(id)
	return c.Target(), ok
}

// Has reports whether the change with this key is already recorded.
func (h History) Has(key string) bool {
	return slices.ContainsFunc(h, func(c Change) bool { return c.Key == key })
}

// recent lists releases by their latest time of being live, newest first.
func (h History) recent() []ID {
	var ids []ID
	for _, c := range slices.Backward(h) {
		if c.Outcome == Live && c.To != "" && !slices.Contains(ids, c.To) {
			ids = append(ids, c.To)
		}
	}
	return ids
}
