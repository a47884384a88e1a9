package release

import (
	"encoding/json"
	"fmt"
)

// Staged is what a run that stages a release leaves on a host for the run that
// activates it there: no lock holds between the two.
type Staged struct {
	Key      string `json:"key"` // of the run that staged it
	From     ID     `json:"from,omitempty"`
	FromEnv  string `json:"from_env,omitempty"`
	To       ID     `json:"to"`
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	Ref      string `json:"ref,omitempty"`
	Forced   bool   `json:"forced,omitempty"`
	// Superseded is why it is not to be activated, empty if it is.
	Superseded string `json:"superseded,omitempty"`
}

// Source is what was current when the release was staged; zero if nothing was.
func (s Staged) Source() Activation { return Activation{s.From, s.FromEnv} }

// JSON is the note as one line, without the line break.
func (s Staged) JSON() ([]byte, error) { return json.Marshal(s) }

// ParseStaged reads a note about the release id, and refuses what no run writes:
// the file is on a host.
func ParseStaged(line string, id ID) (Staged, error) {
	var s Staged
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		return Staged{}, fmt.Errorf("the note that release %s was staged: %w", id, err)
	}
	_, badFrom := ParseID(string(s.From))
	switch {
	case s.To != id:
		return Staged{}, fmt.Errorf("the note that release %s was staged is about %.40q", id, s.To)
	case s.From != "" && badFrom != nil, s.From == "" && s.FromEnv != "", s.FromEnv != "" && !ValidKey(s.FromEnv), !ValidKey(s.Key),
		s.Revision != "" && !ValidRevision(s.Revision):
		return Staged{}, fmt.Errorf("the note that release %s was staged is damaged", id)
	}
	s.Version, s.Ref, s.Superseded = oneLine(s.Version), oneLine(s.Ref), oneLine(s.Superseded)
	return s, nil
}
