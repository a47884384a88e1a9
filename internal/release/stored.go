package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stored is an artifact as it lies on the build server.
type Stored struct {
	ID       ID
	Manifest Manifest // without its files; zero if there is a problem
	Size     int64    // bytes on the disk
	Held     bool     // a deploy is using it
	Problem  string   // why its manifest cannot be used, empty if it can
}

// ParseManifestHead reads a manifest that ends before its list of files: enough
// to say what an artifact is, without the hundreds of kilobytes of the rest. It
// refuses one that is another artifact's, and values that could not be shown.
func ParseManifestHead(head string, a App, id ID) (Manifest, error) {
	var m Manifest
	if head == "" {
		return m, errors.New("it has no manifest.json that can be read")
	}
	whole := strings.TrimSuffix(strings.TrimSpace(head), ",") + "}"
	if err := json.Unmarshal([]byte(whole), &m); err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	m.Files = nil
	if err := m.validateFormat(); err != nil {
		return Manifest{}, err
	}
	if err := errors.Join(m.validateIdentity(), m.validateText()); err != nil {
		return Manifest{}, err
	}
	if err := m.IsOf(a, id); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// IsOf reports a manifest that is another artifact's.
func (m Manifest) IsOf(a App, id ID) error {
	if m.ReleaseID == id && m.Org == a.Org && m.App == a.Name {
		return nil
	}
	return fmt.Errorf("its manifest is that of %.100s/%.100s %.100s", m.Org, m.App, m.ReleaseID)
}

// Sweep chooses which artifacts to remove from the build server: all but the
// keep newest, those younger than minAge at now, and the run's own.
func Sweep(present []ID, now time.Time, keep int, minAge time.Duration, own ID) []ID {
	newest := slices.Sorted(slices.Values(present))
	old := newest[:max(0, len(newest)-max(0, keep))]
	youngest := NewID(now.Add(-minAge)) // of those that are old enough
	return slices.DeleteFunc(old, func(id ID) bool { return id > youngest || id == own })
}
