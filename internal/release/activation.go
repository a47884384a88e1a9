package release

import (
	"fmt"
	"path"
	"regexp"
)

// Activation is a release together with the environment file that was delivered
// with it. One rename switches both.
type Activation struct {
	ID ID
	// Env is the key of the change that delivered the environment file, or "" if
	// the release runs without one.
	Env string
}

// IsZero reports whether a is no activation at all.
func (a Activation) IsZero() bool { return a.ID == "" }

func (a Activation) String() string {
	switch {
	case a.IsZero():
		return "nothing"
	case a.Env == "":
		return string(a.ID)
	}
	return fmt.Sprintf("%s (environment %s)", a.ID, a.Env)
}

var keyRE = regexp.MustCompile(`^\d{8}T\d{6}\.\d{9}$`)

// ValidKey reports whether s can be the key of a change that delivered an
// environment file: a UTC time stamp with nanoseconds. The key becomes the name
// of a directory, so nothing else is allowed.
func ValidKey(s string) bool { return keyRE.MatchString(s) }

// Activation returns the directory of the activation with this key, which must be
// a [ValidKey]. It holds the file "environment" and a link "release" to the
// release, ../../releases/ID.
func (l Layout) Activation(key string) string { return path.Join(l.Base, "activations", key) }

// Link returns the target of the link "current" when a is switched on. It is
// relative to Base, so that the application's directory can be moved.
func (l Layout) Link(a Activation) string {
	if a.Env == "" {
		return path.Join("releases", string(a.ID))
	}
	return path.Join("activations", a.Env, "release")
}
