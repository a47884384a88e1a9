package npm

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRegistryFromFiles(t *testing.T) {
	dir := t.TempDir()
	mine, machines := filepath.Join(dir, "mine"), filepath.Join(dir, "machines")
	os.WriteFile(mine, []byte("audit=false\n@scope:registry=https://scope.test/\n"), 0o644)
	os.WriteFile(machines, []byte("; a comment\nregistry = \"https://npm.test/\"\n"), 0o644)
	if got := registryFromFiles([]string{filepath.Join(dir, "none"), mine, machines}); got != "https://npm.test/" {
		t.Errorf("got %q", got)
	}
	if got := registryFromFiles([]string{mine}); got != "" {
		t.Errorf("got %q", got)
	}
}
