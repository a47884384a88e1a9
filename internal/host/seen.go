package host

import (
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Seen is what a look at a host found.
type Seen struct {
	script.Inspection
	At time.Time // on this machine's clock; zero: the host was not looked at
}

// Dead returns the change that a dead run left in the middle, nil if there is
// none. A change that the history has was concluded: only its record is left.
func (s Seen) Dead() *release.Change {
	if s.Change != nil && !s.History.Has(s.Change.Key) {
		return s.Change
	}
	return nil
}

// Settled returns what is current, or will be again once the change of a dead run
// is taken back.
func (s Seen) Settled() release.Activation {
	if dead := s.Dead(); dead != nil {
		return dead.Source()
	}
	return s.Current
}

// Made returns the change that made live what is [Seen.Settled]. Of a release
// that the history does not have, only the ID is known.
func (s Seen) Made() release.Change {
	id := s.Settled().ID
	c, ok := s.History.Find(id)
	if !ok {
		c.To = id
	}
	return c
}

// Owner returns the owner of a directory of the application, empty if it was not
// found.
func (s Seen) Owner(path string) string {
	for _, d := range s.Directories {
		if d.Path == path {
			return d.Owner
		}
	}
	return ""
}

// Replaced reports whether something was deployed or rolled back after a change.
// That the change was reverted does not count.
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

// since returns a time as the host's own clock had it, in seconds: unit logs are
// asked for by that clock.
func (s Seen) since(t time.Time) int64 { return s.Now + int64(t.Sub(s.At).Seconds()) }
