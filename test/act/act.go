// Package act has what the tests need that run workflows on this machine: the
// tools, a copy of this project as a workflow gets it, and the workflows that
// the documentation shows.
//
// It does not know what the workflows do.
package act

import (
	"context"
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

// runner is the tool that runs workflows on this machine. It is not pinned in
// tools/go.mod: its many dependencies would decide the versions of the linters'.
const runner = "github.com/nektos/act@v0.2.89"

var toolMutex sync.Mutex

// tool returns the path of a Go program of exactly this version. It is installed
// where it is missing.
func tool(module string) (string, error) {
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

// lastWords makes a step that fails wait for a moment before it ends, because act
// does not read the rest of what such a step said: it closes the terminal. Only
// the shell that has that terminal waits.
const lastWords = `[ ! -t 1 ] || trap '[ $? = 0 ] || sleep 1' EXIT
`

// Command runs act for an event, with jobs on this machine. slipway is what
// [Checkout] made, and stands for apxr/slipway@v1; home keeps what act keeps.
func Command(ctx context.Context, slipway, home, event string, args ...string) (*exec.Cmd, error) {
	program, err := tool(runner)
	if err != nil {
		return nil, err
	}
	shell := filepath.Join(home, "last-words.sh")
	if err := os.WriteFile(shell, []byte(lastWords), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, slices.Concat([]string{
		event, "--platform", "ubuntu-latest=-self-hosted", "--local-repository", "apxr/slipway@v1=" + slipway, "--env", "BASH_ENV=" + shell,
	}, args)...)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+home, "XDG_CONFIG_HOME="+home)
	return cmd, nil
}

// Checkout copies this project into dir as a workflow gets it, with three
// changes. The workflows lose the key "queue", which GitHub knows and the local
// tools do not know yet. The actions lose "exec", so that the shell that waits for
// the last words is there in the end. Programs are built with this machine's
// caches instead of those of a job, which would cost each job half a minute.
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
	caches, err := goCaches()
	if err != nil {
		return err
	}
	return errors.Join(
		change(filepath.Join(dir, ".github/workflows/*.yml"), WithoutQueue),
		change(filepath.Join(dir, "actions/compile.sh"), func(script string) string {
			return strings.Replace(script, jobCaches, caches, 1)
		}),
		change(filepath.Join(dir, "actions/*/action.yml"), func(action string) string {
			return strings.ReplaceAll(action, "      run: exec ", "      run: command ")
		}),
	)
}

// jobCaches is how actions/compile.sh names the caches of a job.
const jobCaches = "GOCACHE=$place/cache GOMODCACHE=$place/modules"

// goCaches names the caches of this machine's Go in the same way.
func goCaches() (string, error) {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Sprintf("GOCACHE='%s' GOMODCACHE='%s'", lines[0], lines[1]), nil
}

func change(pattern string, f func(string) string) error {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		return fmt.Errorf("%s: no such files: %w", pattern, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(f(string(data))), 0o644); err != nil {
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
