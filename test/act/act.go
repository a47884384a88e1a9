// Package act has what the tests need that run workflows on this machine: the
// tools, a copy of this project as a workflow gets it, and the workflows that
// the documentation shows.
//
// It does not know what the workflows do.
package act

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apxr/slipway/test/sample"
)

// The tools that the tests run workflows and look at them with.
const (
	Runner     = "github.com/nektos/act@v0.2.89"
	Actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
)

var toolMutex sync.Mutex

// Tool is the path of a Go program of exactly this version; it is installed
// where it is missing.
func Tool(module string) (string, error) {
	toolMutex.Lock()
	defer toolMutex.Unlock()
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	name, version, _ := strings.Cut(module, "@")
	dir := filepath.Join(cache, "slipway-tools", version)
	program := filepath.Join(dir, path.Base(name))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	cmd := exec.Command("go", "install", module)
	cmd.Dir = os.TempDir() // outside of this module
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w\n%s", module, err, out)
	}
	return program, nil
}

// Checkout copies this project into dir as a workflow gets it, with one thing
// taken out of its workflows: the key "queue", which GitHub knows and the local
// tools do not know yet.
func Checkout(dir string) error {
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = sample.Root()
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(sample.Root(), name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	workflows, err := filepath.Glob(filepath.Join(dir, ".github/workflows/*.yml"))
	if err != nil || len(workflows) == 0 {
		return fmt.Errorf("no workflows: %w", err)
	}
	for _, name := range workflows {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(WithoutQueue(string(data))), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if os.IsNotExist(err) {
		return nil // deleted and not committed yet
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeType != 0 {
		return fmt.Errorf("%s: %v", from, info.Mode())
	}
	data, err := os.ReadFile(from)
	return errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, info.Mode().Perm()))
}

// WithoutQueue is a workflow without the key "queue".
func WithoutQueue(workflow string) string {
	lines := slices.Collect(strings.Lines(workflow))
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "queue: max" }), "")
}

// Shown is the YAML that a page of the documentation shows under a workflow's
// name.
func Shown(page, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(sample.Root(), page))
	if err != nil {
		return "", err
	}
	_, after, named := strings.Cut(string(text), "`.github/workflows/"+name+"`")
	_, after, opened := strings.Cut(after, "```yaml\n")
	workflow, _, closed := strings.Cut(after, "```\n")
	if !named || !opened || !closed {
		return "", fmt.Errorf("%s shows no %s", page, name)
	}
	return workflow, nil
}
