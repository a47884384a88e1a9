package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verb is the operation that a person or a workflow asked for.
type Verb string

// The verbs that change a host.
const (
	Deploy   Verb = "deploy"
	Rollback Verb = "rollback"
	// Revert takes a deploy back because another part of its fleet failed. Unlike
	// a rollback, it does not mark the release bad.
	Revert Verb = "revert"
	// Migrate starts the unit for migrations, before the switch to To. It changes
	// no release. The history records it because a rollback does not undo it.
	Migrate Verb = "migrate"
)

// The two parts of a deploy. A history records them as one deploy.
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
	Started     Outcome = "started"     // a migration; its unit log shows how it ended
)

// Change is one line of a host's history. Without an outcome, it is the change
// record of a change that is under way.
type Change struct {
	Key      string    `json:"key"` // identifies the change
	At       time.Time `json:"at"`
	Verb     Verb      `json:"verb"`
	From     ID        `json:"from,omitempty"`     // empty if nothing was there before
	FromEnv  string    `json:"from_env,omitempty"` // key of From's environment; empty if it had none
	To       ID        `json:"to"`                 // empty for a revert to nothing
	ToEnv    string    `json:"to_env,omitempty"`   // key of To's environment; empty if it has none
	Version  string    `json:"version,omitempty"`
	Revision string    `json:"revision,omitempty"`
	Ref      string    `json:"ref,omitempty"`    // the branch, tag or pull request that it was built from
	Digest   Digest    `json:"digest,omitempty"` // of To; empty if it is not known
	Forced   bool      `json:"forced,omitempty"` // the user forced it, against the judgement
	Who      string    `json:"who,omitempty"`
	Run      string    `json:"run,omitempty"` // URL of the workflow run
	Outcome  Outcome   `json:"outcome,omitempty"`
	Reason   string    `json:"reason,omitempty"` // why it was reverted
}

// Source returns what was switched on before the change; zero if nothing was.
func (c Change) Source() Activation { return Activation{c.From, c.FromEnv} }

// Target returns what the change switches on.
func (c Change) Target() Activation { return Activation{c.To, c.ToEnv} }

// JSON returns the change as one line, without the line break.
func (c Change) JSON() (string, error) {
	data, err := json.Marshal(c)
	return string(data), err
}

// wellFormed reports whether Slipway can have written the change, so that its IDs
// and keys can safely become paths on a host. Others may have written to the
// file.
func (c Change) wellFormed() bool {
	_, badTo := ParseID(string(c.To))
	_, badFrom := ParseID(string(c.From))
	toNothing := c.To == "" && c.ToEnv == "" && c.Verb == Revert && c.From != ""
	return (badTo == nil || toNothing) && (c.From == "" || badFrom == nil) &&
		(c.FromEnv == "" || ValidKey(c.FromEnv)) && (c.ToEnv == "" || ValidKey(c.ToEnv)) &&
		validKey(c.Key) && c.Digest.valid() &&
		slices.Contains([]Verb{Deploy, Rollback, Revert, Migrate}, c.Verb) &&
		slices.Contains([]Outcome{"", Live, Reverted, Interrupted, Started}, c.Outcome) &&
		(c.Verb == Migrate) == (c.Outcome == Started)
}

// validKey accepts more than [ValidKey]: a change's own key is only compared, and
// never becomes a path.
func validKey(s string) bool {
	return len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// History lists the changes of a host, oldest first. The order of the lines
// counts; the times in them are only for people.
type History []Change

// ParseHistory reads one JSON line per change. It skips lines that it cannot read
// (a power cut can tear the last one) and lines that Slipway does not write: they
// never became changes.
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

// Current returns what the history says is current: the target of the latest
// change that went live. It returns false if the history has none.
func (h History) Current() (Activation, bool) {
	for _, c := range slices.Backward(h) {
		if c.Outcome == Live {
			return c.Target(), true
		}
	}
	return Activation{}, false
}

// Contradicts returns why a change record of this host cannot be true, or nil. A
// change starts from what the history says is current. A history without a live
// change contradicts nothing: another tool may have made the first release
// current.
func (h History) Contradicts(record Change) error {
	current, known := h.Current()
	if !known || record.Source() == current {
		return nil
	}
	return fmt.Errorf("the change record says that %s was current before a change to %s, and the history says %s", record.Source(), record.Target(), current)
}

// LatestOf returns the activation with which id was last live.
func (h History) LatestOf(id ID) (Activation, bool) {
	c, ok := h.Find(id)
	return c.Target(), ok
}

// Has reports whether the change with this key is already recorded.
func (h History) Has(key string) bool {
	return slices.ContainsFunc(h, func(c Change) bool { return c.Key == key })
}

// recent lists the releases that were live, the most recent one first, and at most
// this many.
func (h History) recent(most int) []ID {
	var ids []ID
	for _, c := range slices.Backward(h) {
		if len(ids) >= most {
			break
		}
		if c.Outcome == Live && c.To != "" && !slices.Contains(ids, c.To) {
			ids = append(ids, c.To)
		}
	}
	return ids
}
