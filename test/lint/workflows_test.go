package lint

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestWorkflows checks the project's own workflows and those that the
// documentation shows, with the scripts in them.
func TestWorkflows(t *testing.T) {
	need(t, "shellcheck")
	dir := t.TempDir()
	for _, name := range []string{".git", ".github/workflows"} { // what actionlint knows a repository by
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, ".github/actionlint.yaml"), read(t, root+"/.github/actionlint.yaml"))
	for name, text := range workflows(t) {
		write(t, filepath.Join(dir, ".github/workflows", name), text)
	}
	lint(t, dir, tool(t, "actionlint"), "-no-color", "-shellcheck=shellcheck")
}

// tool returns the path of a program that tools/go.mod pins.
func tool(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-n", "-modfile=tools/go.mod", name)
	cmd.Dir = root
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v: %s", err, exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// workflows are the texts by names of which each says where it is from.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, path := range glob(t, ".github/workflows/*.yml") {
		all[filepath.Base(path)] = read(t, path)
	}
	for _, path := range append(glob(t, "docs/*.md"), glob(t, "README.md")...) {
		for i, text := range shown(read(t, path)) {
			all[filepath.Base(path)+"-"+strconv.Itoa(i+1)+".yml"] = text
		}
	}
	return all
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no such files: %v", pattern, err)
	}
	return paths
}

var block = regexp.MustCompile("(?s)```yaml\n(name: .*?)```\n")

// shown are the workflows that a page shows.
func shown(page string) (texts []string) {
	for _, found := range block.FindAllStringSubmatch(page, -1) {
		texts = append(texts, found[1])
	}
	return texts
}

// built is what the tests ask of a workflow whose jobs build.
type built struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Uses string
			With map[string]string
		}
	}
}

// While a job builds, others' code runs: mix.exs of the project and of each
// dependency. It can see the token that git fetches with, and on a self-hosted
// runner it runs beside the job.
func TestJobsThatBuildCanOnlyRead(t *testing.T) {
	found := 0
	for name, text := range workflows(t) {
		var w built
		if err := yaml.Load([]byte(text), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for id, job := range w.Jobs {
			permissions := job.Permissions
			if permissions == nil {
				permissions = w.Permissions
			}
			for _, step := range job.Steps {
				if !strings.HasPrefix(step.Uses, "apxr/slipway@") && !strings.HasPrefix(step.Uses, "apxr/slipway/actions/build-release@") {
					continue
				}
				found++
				if !maps.Equal(permissions, map[string]string{"contents": "read"}) {
					t.Errorf("%s: the job %s builds with the permissions %v", name, id, permissions)
				}
				if step.With["build-host"] == "local" && step.With["ssh-key"] != "" {
					t.Errorf("%s: the job %s builds on its own machine and has the deploy key", name, id)
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d jobs that build were found", found)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWorkflowsOnPagesAreFound(t *testing.T) {
	page := "Text.\n```yaml\nname: a\non: push\n```\n```yaml\nwith:\n```\n```yaml\nname: b\n```\n"
	if got := strings.Join(shown(page), ","); got != "name: a\non: push\n,name: b\n" {
		t.Errorf("%q", got)
	}
}
