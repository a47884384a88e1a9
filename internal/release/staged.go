package release

import (
	"encoding/json"
	"fmt"
)

// Staged is the note that a run leaves on a host after it staged a release, for
// the run that activates it. No lock is held between the two runs.
type Staged struct {
	Key      string `json:"key"` // of the run that staged it
	From     ID     `json:"from,omitempty"`
	FromEnv  string `json:"from_env,omitempty"`
	To       ID     `json:"to"`
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	Ref      string `json:"ref,omitempty"`
	Digest   Digest `json:"digest,omitempty"` // empty in the notes of an earlier Slipway
	Forced   bool   `json:"forced,omitempty"`
	// Superseded says why the release must not be activated; it is empty if it may
	// be.
	Superseded string `json:"superseded,omitempty"`
}

// Source returns what was current when the release was staged; zero if nothing
// was.
func (s Staged) Source() Activation { return Activation{s.From, s.FromEnv} }

// JSON returns the note as one line, without the line break.
func (s Staged) JSON() ([]byte, error) { return json.Marshal(s) }

// ParseStaged reads the note about the release id. It refuses one that Slipway
// does not write: others may have written to the host's file.
func ParseStaged(line string, id ID) (Staged, error) {
	var s Staged
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		return Staged{}, fmt.Errorf("the staging note of release %s: %w", id, err)
	}
	_, badFrom := ParseID(string(s.From))
	switch {
	case s.To != id:
		return Staged{}, fmt.Errorf("the staging note of release %s is about %.40q", id, s.To)
	case s.From != "" && badFrom != nil, s.From == "" && s.FromEnv != "", s.FromEnv != "" && !ValidKey(s.FromEnv), !ValidKey(s.Key),
		s.Revision != "" && !ValidRevision(s.Revision), !s.Digest.valid():
		return Staged{}, fmt.Errorf("the staging note of release %s is damaged", id)
	}
	s.Version, s.Ref, s.Superseded = oneLine(s.Version), oneLine(s.Ref), oneLine(s.Superseded)
	return s, nil
}
