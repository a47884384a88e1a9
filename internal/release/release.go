// Package release knows what a release is: its ID, its place on a host, its
// manifest, and what a host's history means for the next deploy, rollback and
// prune.
//
// The package is pure: it takes values and returns values. It does not know SSH,
// files, clocks or GitHub.
package release

import (
	"fmt"
	"path"
	"regexp"
	"time"
)

// ID names one release everywhere: a UTC time stamp such as 20171114T072116.
// IDs sort in the order in which they were made.
type ID string

const idLayout = "20060102T150405"

// NewID returns the ID of a release made at t, to the second, in UTC.
func NewID(t time.Time) ID { return ID(t.UTC().Format(idLayout)) }

// ParseID accepts exactly the strings that NewID makes.
func ParseID(s string) (ID, error) {
	t, err := time.Parse(idLayout, s)
	if err != nil || t.Format(idLayout) != s {
		return "", fmt.Errorf("release ID %.100q is not a UTC time stamp like 20171114T072116", s)
	}
	return ID(s), nil
}

// Time returns when the release was made.
func (id ID) Time() (time.Time, error) { return time.Parse(idLayout, string(id)) }

// Next returns the ID of the next second, for a build whose own second is taken.
func (id ID) Next() ID {
	t, err := time.Parse(idLayout, string(id))
	if err != nil {
		return id // cannot happen: all IDs come from NewID or ParseID
	}
	return NewID(t.Add(time.Second))
}

// App names an application of an organization, as in /opt/ORG/APP.
type App struct{ Org, Name string }

func (a App) String() string { return a.Org + "/" + a.Name }

// SetupStamp returns the file on a host in which the setup phase records what it
// made for the application.
func (a App) SetupStamp() string { return path.Join("/etc/slipway", a.Name, "setup") }

var nameRE = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// ValidName reports whether s can name an organization or an application. The
// name becomes a directory, a unit and a user, hence only [a-z0-9_-].
func ValidName(s string) bool { return nameRE.MatchString(s) }

// Layout names the places of an application on a host.
type Layout struct{ Base string }

// DefaultLayout returns the layout below /opt/ORG/APP.
func DefaultLayout(a App) Layout { return Layout{path.Join("/opt", a.Org, a.Name)} }

// State returns Slipway's own directory. It holds the lock, the change record, the
// history, and the data to verify each release.
func (l Layout) State() string { return path.Join(l.Base, ".slipway") }

// Metadata returns the directory with a release's manifest and the lists that its
// files are verified against. It is outside the release, so that the release stays
// exactly what was built.
func (l Layout) Metadata(id ID) string { return path.Join(l.State(), "releases", string(id)) }
