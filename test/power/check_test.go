package power

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// check compares what lies on the disk with what must. What it finds becomes
// what is known.
func (h *host) check(k *known) error {
	s, err := h.state()
	if err != nil {
		return err
	}
	err = errors.Join(h.checkCurrent(k, s), h.checkReleases(k, s), h.checkEnvironments(k), h.checkLauncher(k), k.checkHistory(s), k.checkRecord(s))
	k.current, k.switching, k.history, k.line, k.concluded = s.current, false, s.history, "", s.record == nil || s.changes.Has(s.record.Key)
	return err
}

func (h *host) checkCurrent(k *known, s state) error {
	if s.current != k.current && !(k.switching && s.current == k.next) {
		return fmt.Errorf("current is %s; it was switched to %s", s.current, k.current)
	}
	if s.current.IsZero() {
		return nil
	}
	err := h.complete(k, s.current.ID)
	if s.current.Env != "" {
		err = errors.Join(err, h.checkEnvironment(k, s.current.Env))
	}
	if err != nil {
		return fmt.Errorf("current is %s: %w", s.current, err)
	}
	return nil
}

// checkReleases: what was staged is a release, whole. A part of one that was being staged
// may have its name; the next run that wants it finds that out.
func (h *host) checkReleases(k *known, s state) error {
	var problems []error
	missing := map[release.ID]bool{}
	for id := range k.staged {
		missing[id] = true
	}
	for _, id := range s.releases {
		if k.whole[id] {
			problems = append(problems, h.complete(k, id))
		}
		delete(missing, id)
	}
	for id := range missing {
		problems = append(problems, fmt.Errorf("%s was staged and is not there", id))
	}
	return errors.Join(problems...)
}

func (h *host) complete(k *known, id release.ID) error {
	m := k.manifests[id]
	if err := sameTree(h.path("releases", string(id)), m); err != nil {
		return fmt.Errorf("release %s: %w", id, err)
	}
	data, err := m.JSON()
	if got, readErr := h.text(".slipway", "releases", string(id), "manifest.json"); readErr != nil || got != string(data) {
		err = errors.Join(err, fmt.Errorf("release %s: its manifest has %d of %d bytes: %v", id, len(got), len(data), readErr))
	}
	return err
}

func (h *host) checkEnvironments(k *known) error {
	var problems []error
	for key := range k.prepared {
		problems = append(problems, h.checkEnvironment(k, key))
	}
	return errors.Join(problems...)
}

func (h *host) checkEnvironment(k *known, key string) error {
	got, err := h.text("activations", key, "environment")
	if want := k.delivered[key]; err == nil && got != want {
		err = fmt.Errorf("the environment %s has %d bytes of the %d that were delivered", key, len(got), len(want))
	}
	_, linkErr := os.Readlink(h.path("activations", key, "release"))
	return errors.Join(err, linkErr)
}

// An old launcher may still be there, or none; what is there starts a release.
func (h *host) checkLauncher(k *known) error {
	info, err := os.Stat(h.path("launch"))
	if errors.Is(err, os.ErrNotExist) && !k.launched {
		return nil
	}
	if err != nil {
		return err
	}
	got, err := h.text("launch")
	if err == nil && (got != k.launcher && (got != oldLauncher || k.launched) || info.Mode().Perm() != 0o750) {
		err = fmt.Errorf("launch has %d bytes of %d and mode %o", len(got), len(k.launcher), info.Mode().Perm())
	}
	return err
}

// checkHistory: all that was reported is there, and of the line that was being
// written any part may be; a file that has grown on the disk before its data came
// has NULs there.
func (k *known) checkHistory(s state) error {
	torn := strings.TrimRight(s.history, "\x00")
	if !strings.HasPrefix(torn, k.history) || !strings.HasPrefix(k.written(), torn) || len(s.history) > len(k.written()) {
		return fmt.Errorf("the history is\n%s\nreported was\n%s\nand being written\n%s", s.history, k.history, k.line)
	}
	return nil
}

// checkRecord: a host that is not on the top of its history has the record of
// the change, from which the next run repairs it. The record of a change that is
// in the history may come back, until something else is synced.
func (k *known) checkRecord(s state) error {
	should := top(s.changes)
	c := s.record
	switch {
	case c == nil && s.current != should:
		return fmt.Errorf("current is %s, the history says %s, and there is no change record", s.current, should)
	case c == nil:
		return nil
	case s.recordText != k.records[c.Key]:
		return fmt.Errorf("the change record is %q; it was to be %q", s.recordText, k.records[c.Key])
	case s.changes.Has(c.Key) && s.current != should:
		return fmt.Errorf("current is %s, the history says %s, and that is of the change record", s.current, should)
	case s.changes.Has(c.Key) && s.changes[len(s.changes)-1].Key == c.Key:
		return nil
	case k.concluded || c.Key != k.record.Key:
		return fmt.Errorf("there is the record of the change %s, which is not under way", c.Key)
	case s.current != c.Source() && s.current != c.Target():
		return fmt.Errorf("current is %s, and the change record is of %s to %s", s.current, c.Source(), c.Target())
	}
	return nil
}
