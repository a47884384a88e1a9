package release

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Relation is what the revision of a deploy's target is to the running one, as
// git on the build host says.
type Relation string

// The relations of two revisions.
const (
	Same       Relation = "same"
	Ancestor   Relation = "ancestor"   // the target is older: a strict ancestor
	Descendant Relation = "descendant" // the target is newer
	Unrelated  Relation = "unrelated"  // another branch
	Unknown    Relation = "unknown"    // git could not be asked, or does not know one of them
)

// VerdictKind is what is to become of a deploy on a host.
type VerdictKind string

// The verdicts.
const (
	Fresh      VerdictKind = "fresh"       // deploy it
	Superseded VerdictKind = "superseded"  // what runs is newer
	RolledBack VerdictKind = "rolled back" // a rollback marked it bad
	Unsure     VerdictKind = "unsure"      // deploy it, and say that nobody knows
)

// Verdict is a judgement and, unless it is [Fresh], its reason: one line, for
// people.
type Verdict struct {
	Kind   VerdictKind
	Reason string
}

// Judge says whether the release id, built from revision, may be deployed on a
// host with this history where the running change is what made the running
// release live (zero: nothing runs). Of that only To and Revision count. What is
// older or bad is deployed only by force, which is for the caller to know.
func (h History) Judge(id ID, revision string, running Change, rel Relation) Verdict {
	if id == running.To {
		return Verdict{Kind: Fresh} // that there is nothing to do is decided elsewhere
	}
	if bad, ok := h.Bad(id, revision); ok {
		return Verdict{RolledBack, fmt.Sprintf("%s was rolled back%s; use force to deploy it all the same", named(id, revision), blame(bad))}
	}
	switch {
	case running.To == "":
		return Verdict{Kind: Fresh}
	case rel == Ancestor:
		return Verdict{Superseded, fmt.Sprintf("%s is older than what runs, %s; use force to deploy it all the same",
			named(id, revision), named(running.To, running.Revision))}
	case rel == Same || rel == Descendant || rel == Unrelated, running.Revision == "", running.Revision == revision:
		return Verdict{Kind: Fresh}
	}
	return Verdict{Unsure, fmt.Sprintf("nobody knows whether %s is older than what runs, %s",
		named(id, revision), named(running.To, running.Revision))}
}

func named(id ID, revision string) string {
	if revision == "" {
		return "release " + string(id)
	}
	return fmt.Sprintf("release %s (revision %.12s)", id, oneLine(revision))
}

// blame says when, by whom and in which run a change was made, as far as its
// line knows.
func blame(c Change) string {
	var b strings.Builder
	if !c.At.IsZero() {
		fmt.Fprintf(&b, " at %s", c.At.UTC().Format(time.RFC3339))
	}
	if c.Who != "" {
		fmt.Fprintf(&b, " by %.100s", oneLine(c.Who))
	}
	if c.Run != "" {
		fmt.Fprintf(&b, " (%.500s)", oneLine(c.Run))
	}
	return b.String()
}

// oneLine keeps a value from a host's file away from the terminal's controls
// and from the commands that a workflow's log takes.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
