package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stored is an artifact on the build server.
type Stored struct {
	ID       ID
	Manifest Manifest // without its files; zero if there is a problem
	Size     int64    // bytes on the disk
	Held     bool     // a deploy is using it
	Problem  string   // why its manifest cannot be used, or ""
}

// ParseManifestHead reads a manifest that ends before its list of files. That is
// enough to describe an artifact, and saves hundreds of kilobytes. It refuses the
// manifest of another artifact, and values that cannot be shown.
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

// IsOf returns an error if the manifest belongs to another artifact.
func (m Manifest) IsOf(a App, id ID) error {
	if m.ReleaseID == id && m.Org == a.Org && m.App == a.Name {
		return nil
	}
	return fmt.Errorf("its manifest is that of %.100s/%.100s %.100s", m.Org, m.App, m.ReleaseID)
}

// Sweep chooses which artifacts to remove from the build server. It spares the
// keep newest ones, those younger than minAge, and the run's own.
func Sweep(present []ID, now time.Time, keep int, minAge time.Duration, own ID) []ID {
	newest := slices.Sorted(slices.Values(present))
	old := newest[:max(0, len(newest)-max(0, keep))]
	youngest := NewID(now.Add(-minAge)) // the youngest that is old enough
	return slices.DeleteFunc(old, func(id ID) bool { return id > youngest || id == own })
}
