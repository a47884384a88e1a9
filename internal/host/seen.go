package host

import (
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Seen has the findings of a look at a host.
type Seen struct {
	script.Inspection
	At time.Time // on this machine's clock; zero: no look yet
}

// Dead returns the change that a dead run did not finish, or nil. A change in
// the history is finished: only its record was not removed.
func (s Seen) Dead() *release.Change {
	if s.Change != nil && !s.History.Has(s.Change.Key) {
		return s.Change
	}
	return nil
}

// Impossible returns why the record of a dead change cannot be true, or nil.
// Such a record says nothing about what to go back to.
func (s Seen) Impossible() error {
	if dead := s.Dead(); dead != nil {
		return s.History.Contradicts(*dead)
	}
	return nil
}

// Settled returns what is current, or what will be current after the change of
// a dead run is undone.
func (s Seen) Settled() release.Activation {
	if dead := s.Dead(); dead != nil {
		return dead.Source()
	}
	return s.Current
}

// Made returns the change that made [Seen.Settled] live. If the release is not
// in the history, the change has only its ID.
func (s Seen) Made() release.Change {
	id := s.Settled().ID
	c, ok := s.History.Find(id)
	if !ok {
		c.To = id
	}
	return c
}

// Owner returns the owner of a directory of the application, or "" if there is
// none.
func (s Seen) Owner(path string) string {
	for _, d := range s.Directories {
		if d.Path == path {
			return d.Owner
		}
	}
	return ""
}

// Replaced reports whether a deploy or rollback succeeded after a change. A
// revert of the change does not count.
func (s Seen) Replaced(made release.Change) bool {
	after := false
	for _, c := range s.History {
		if after && c.Outcome == release.Live && c.Verb != release.Revert {
			return true
		}
		after = after || c.Key == made.Key
	}
	return false
}

// since converts a time to the host's own clock, in seconds. Requests for unit
// logs use that clock.
func (s Seen) since(t time.Time) int64 { return s.Now + int64(t.Sub(s.At).Seconds()) }
