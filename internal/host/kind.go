package host

import (
	"context"
	"errors"
	"strings"

	"github.com/apxr/slipway/internal/script"
)

// Kind says what kind of failure a host's problem is. It decides what a person
// can do about it.
type Kind string

// The kinds of failures. A host that suffers only from the failure of another
// host has none.
const (
	Unreachable Kind = "unreachable" // no connection
	Busy        Kind = "busy"        // another run has the lock
	Twice       Kind = "twice"       // another host of the run is the same machine
	Overtaken   Kind = "overtaken"   // another run has taken the lock from this one
	LockLost    Kind = "lock lost"   // this run was silent too long; nobody else has the lock
	Hung        Kind = "hung"        // a step made no progress
	Cancelled   Kind = "cancelled"   // the run was ended from outside
	Unfit       Kind = "unfit"       // the host is not ready for any change
	Differs     Kind = "differs"     // another release with the same ID is or was there
	Judged      Kind = "judged"      // the release is bad or old here
	Changed     Kind = "changed"     // the host does not run what the run expects
	Incomplete  Kind = "incomplete"  // the release or its environment is not there, or damaged
	NotStaged   Kind = "not staged"  // the release could not be put there
	Commands    Kind = "commands"    // a hook or a migration failed
	NotProved   Kind = "not proved"  // the release was switched to and does not work
	Unrecorded  Kind = "unrecorded"  // the history could not be written
	Unrepaired  Kind = "unrepaired"  // what a dead run left could not be undone
)

// ofKind is an error of a known kind.
type ofKind struct {
	error
	kind Kind
}

func (e ofKind) Unwrap() error { return e.error }

// As returns an error with the kind of failure that it is in this step, unless it
// has a kind already. What goes wrong after the end of ctx counts as cancelled.
func As(ctx context.Context, kind Kind, err error) error {
	if ctx.Err() != nil {
		return Of(Cancelled, inWords{err})
	}
	if KindOf(err) != "" {
		return err
	}
	return Of(kind, err)
}

// inWords is an error in which the end of a context is said in plain words.
type inWords struct{ error }

func (e inWords) Unwrap() error { return e.error }

func (e inWords) Error() string { return contextWords.Replace(e.error.Error()) }

var contextWords = strings.NewReplacer(
	context.Canceled.Error(), "the run was cancelled from outside", context.DeadlineExceeded.Error(), "the run took too long",
)

// Of returns an error with its kind, whether or not the run has been cancelled.
func Of(kind Kind, err error) error { return ofKind{err, kind} }

// KindOf returns the kind of an error. What the error itself says counts more
// than the step in which it came.
func KindOf(err error) Kind {
	var fenced *script.Fenced
	var known ofKind
	switch {
	case errors.As(err, &fenced) && fenced.Holder == "":
		return LockLost
	case IsTakenOver(err) || fenced != nil:
		return Overtaken
	case errors.As(err, new(*script.Same)):
		return Twice
	case IsHeld(err):
		return Busy
	case errors.As(err, new(*script.Hung)):
		return Hung
	case errors.As(err, &known):
		return known.kind
	}
	return ""
}
