package sample

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The lock file pins a commit that every machine makes anew: a change of the
// library's files is a new commit, and the lock file must follow.
func TestLockPinsTheLibrarysCommit(t *testing.T) {
	commit, err := LibraryCommit(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(filepath.Join(Root(), "examples/apxr_io/mix.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(lock), `"`+commit+`"`) {
		t.Errorf("examples/apxr_io/mix.lock does not pin %s:\n%s", commit, lock)
	}
}
