// Package release knows what a release is: its ID, where it lies on a host,
// what its manifest says, and what a host's history means for the next deploy,
// the next rollback and the next prune.
//
// It is pure: it does not know SSH, files, clocks or GitHub. Everything here is
// a value in and a value out.
package release

import (
	"fmt"
	"path"
	"regexp"
	"time"
)

// ID names one release everywhere: a UTC time stamp such as 20171114T072116.
// IDs are immutable and sort in the order in which they were made.
type ID string

const idLayout = "20060102T150405"

// NewID returns the ID of a release made at t, to the second, in UTC.
func NewID(t time.Time) ID { return ID(t.UTC().Format(idLayout)) }

// ParseID accepts exactly what NewID makes.
func ParseID(s string) (ID, error) {
	t, err := time.Parse(idLayout, s)
	if err != nil || t.Format(idLayout) != s {
		return "", fmt.Errorf("release ID %.100q is not a UTC time stamp like 20171114T072116", s)
	}
	return ID(s), nil
}

// Time is when the release was made.
func (id ID) Time() (time.Time, error) { return time.Parse(idLayout, string(id)) }

// Next is the ID of one second later, for a build whose second is taken.
func (id ID) Next() ID {
	t, err := time.Parse(idLayout, string(id))
	if err != nil {
		return id // an ID is made by NewID or ParseID alone
	}
	return NewID(t.Add(time.Second))
}

// App names an application of an organization, as in /opt/ORG/APP.
type App struct{ Org, Name string }

func (a App) String() string { return a.Org + "/" + a.Name }

// SetupStamp is the file on a host in which the setup phase says what it made
// for the application.
func (a App) SetupStamp() string { return path.Join("/etc/slipway", a.Name, "setup") }

var nameRE = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// ValidName reports whether s can name an organization or an application: it
// becomes a directory, a unit and a user, so it is kept to [a-z0-9_-].
func ValidName(s string) bool { return nameRE.MatchString(s) }

// Layout is where an application lies on a host.
type Layout struct{ Base string }

// DefaultLayout is /opt/ORG/APP.
func DefaultLayout(a App) Layout { return Layout{path.Join("/opt", a.Org, a.Name)} }

// State is Slipway's own directory: lock, change record, history, and what is
// needed to verify each release.
func (l Layout) State() string { return path.Join(l.Base, ".slipway") }

// Metadata is the directory that holds a release's manifest and the lists that
// its files are verified against. It lies outside of the release, which stays
// exactly what was built.
func (l Layout) Metadata(id ID) string { return path.Join(l.State(), "releases", string(id)) }
