package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The versions of the tools that the tests run workflows and look at them with.
const (
	actModule        = "github.com/nektos/act@v0.2.89"
	actionlintModule = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
)

var toolMutex sync.Mutex

// tool is the path of a Go program of exactly this version; it is installed
// where it is missing.
func tool(t *testing.T, module string) string {
	t.Helper()
	toolMutex.Lock()
	defer toolMutex.Unlock()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	name, version, _ := strings.Cut(module, "@")
	dir := filepath.Join(cache, "slipway-tools", version)
	program := filepath.Join(dir, path.Base(name))
	if _, err := os.Stat(program); err == nil {
		return program
	}
	cmd := exec.Command("go", "install", module)
	cmd.Dir = t.TempDir() // outside of this module
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("go install %s: %w\n%s", module, err, out))
	}
	return program
}
