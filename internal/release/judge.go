package release

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Relation is the relation of a target's revision to the running one, according
// to git on the build host.
type Relation string

// The relations of two revisions.
const (
	Same       Relation = "same"
	Ancestor   Relation = "ancestor"   // the target is older: a strict ancestor
	Descendant Relation = "descendant" // the target is newer
	Unrelated  Relation = "unrelated"  // another branch
	Unknown    Relation = "unknown"    // git was not available, or lacks one of the commits
)

// VerdictKind says whether a release may be deployed on a host.
type VerdictKind string

// The verdicts.
const (
	Fresh      VerdictKind = "fresh"       // deploy it
	Superseded VerdictKind = "superseded"  // the running release is newer
	RolledBack VerdictKind = "rolled back" // a rollback marked it bad
	Unsure     VerdictKind = "unsure"      // deploy it, with a notice that it may be older
)

// Verdict is a judgement and its reason, one line for people. A [Fresh] one needs
// no reason.
type Verdict struct {
	Kind   VerdictKind
	Reason string
}

// Refusal returns the reason together with the remedy.
func (v Verdict) Refusal() string { return v.Reason + "; use force to deploy it all the same" }

// Judge decides whether the release id, built from revision, may be deployed on a
// host with this history. The change running is the one that made the running
// release live, or zero if nothing runs; only its To and Revision count. An older
// or bad release may be deployed only by force; the caller knows about that.
func (h History) Judge(id ID, revision string, running Change, rel Relation) Verdict {
	if id == running.To {
		return Verdict{Kind: Fresh} // the caller finds out that there is nothing to do
	}
	if bad, ok := h.Bad(id, revision); ok {
		return Verdict{RolledBack, fmt.Sprintf("%s was rolled back%s", named(id, revision), blame(bad))}
	}
	switch {
	case running.To == "":
		return Verdict{Kind: Fresh}
	case rel == Ancestor:
		return Verdict{Superseded, fmt.Sprintf("%s is older than what runs, %s",
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

// blame returns when, by whom and in which run a change was made, as far as the
// change records it.
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

// oneLine blanks the control characters in a value from a host's file: they could
// control a terminal, or start a command in a workflow's log.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
