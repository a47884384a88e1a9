package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// SetupPackages is for tests: what bare hosts can install.
var SetupPackages = setupPackages

// IgnoreGone leaves out the cgroups that end while they are being read.
var IgnoreGone = ignoreGone

// SavedPath is where a lab was saved.
func SavedPath(l *Lab) string { return l.place }

// MakeSaved makes places of saved labs, in the order in which they were used.
func MakeSaved(t *testing.T, cache string, n int) (dirs []string) {
	t.Helper()
	for i := range n {
		dir := filepath.Join(cache, fmt.Sprint(savedPrefix, i))
		used := time.Now().Add(time.Duration(i-n) * time.Hour)
		for _, err := range []error{
			os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600), os.Chtimes(dir, used, used),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

// HoldSaved opens a saved lab as a lab does that boots from it.
func HoldSaved(t *testing.T, dir string) (release func()) {
	t.Helper()
	s, err := openSaved(dir)
	if err != nil || s == nil {
		t.Fatalf("%v, %v", s, err)
	}
	return func() {
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
}

// UseSaved opens a saved lab for a moment, and says whether it is there.
func UseSaved(t *testing.T, dir string) bool {
	t.Helper()
	s, err := openSaved(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		return false
	}
	return s.close() == nil
}

// RemoveOldSaved is for tests, with a cache of their own.
func RemoveOldSaved(t *testing.T, cache string) {
	t.Helper()
	if err := removeOldSaved(cache); err != nil {
		t.Fatal(err)
	}
}
