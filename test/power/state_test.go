package power

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// state is what lies on the disk, read without the scripts.
type state struct {
	current    release.Activation
	releases   []release.ID
	record     *release.Change // nil: none, or one without its end
	recordText string
	history    string
	changes    release.History
}

func (h *host) path(parts ...string) string {
	return filepath.Join(append([]string{h.Base}, parts...)...)
}

// text is that of a file, empty if there is none.
func (h *host) text(parts ...string) (string, error) {
	data, err := os.ReadFile(h.path(parts...))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return string(data), err
}

func (h *host) state() (state, error) {
	var s state
	var problems [4]error
	s.current, problems[0] = h.readCurrent()
	s.recordText, problems[1] = h.text(".slipway", "change")
	s.history, problems[2] = h.text(".slipway", "history.jsonl")
	s.changes = release.ParseHistory(strings.Split(s.history, "\n"))
	if record := release.ParseHistory([]string{strings.TrimSuffix(s.recordText, "\n")}); len(record) == 1 {
		s.record = &record[0]
	}
	entries, err := os.ReadDir(h.path("releases"))
	problems[3] = err
	for _, e := range entries {
		if id, err := release.ParseID(e.Name()); err == nil {
			s.releases = append(s.releases, id)
		}
	}
	return s, errors.Join(problems[:]...)
}

// readCurrent is what the link leads to; zero if there is none.
func (h *host) readCurrent() (a release.Activation, err error) {
	link, err := os.Readlink(h.path("current"))
	if errors.Is(err, os.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	id, plain := strings.CutPrefix(link, "releases/")
	if !plain {
		a.Env = strings.TrimSuffix(strings.TrimPrefix(link, "activations/"), "/release")
		inner, err := os.Readlink(h.path(link))
		if err != nil {
			return a, err
		}
		id, _ = strings.CutPrefix(inner, "../../releases/")
	}
	a.ID = release.ID(id)
	if h.Link(a) != link {
		return a, fmt.Errorf("current is %q", link)
	}
	return a, nil
}

// top is what a history says is current.
func top(changes release.History) release.Activation {
	if len(changes) == 0 {
		return release.Activation{}
	}
	last := changes[len(changes)-1]
	if last.Outcome == release.Live {
		return last.Target()
	}
	return last.Source()
}
