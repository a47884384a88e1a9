package power

import "github.com/apxr/slipway/internal/release"

// known is what whoever deploys knows of a host: what was reported as done,
// and what was under way when the power went.
type known struct {
	manifests map[release.ID]release.Manifest // of all that was ever sent
	staged    map[release.ID]bool             // reported as staged; not asked to be removed
	whole     map[release.ID]bool             // reported as staged at some time: never there in part
	delivered map[string]string               // environments that were ever sent, by key
	prepared  map[string]bool                 // reported as prepared; not asked to be removed
	launcher  string                          // its text; empty: not known yet
	launched  bool                            // reported as prepared

	current   release.Activation // reported as switched to
	next      release.Activation // what is being switched to
	switching bool

	record    release.Change    // the last one that was to be written
	records   map[string]string // all of them, by key
	concluded bool              // and the last one is of a change that has ended

	history string // reported as written
	line    string // being written
}

func newKnown() *known {
	return &known{
		manifests: map[release.ID]release.Manifest{}, staged: map[release.ID]bool{}, whole: map[release.ID]bool{},
		delivered: map[string]string{}, records: map[string]string{}, prepared: map[string]bool{}, concluded: true,
	}
}

// written is the history with the line that is being written.
func (k *known) written() string {
	if k.line == "" {
		return k.history
	}
	text := k.history
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n" // after what an earlier cut has torn
	}
	return text + k.line + "\n"
}
