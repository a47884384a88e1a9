package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// checkout is a copy of this project as a workflow gets it, with one thing
// taken out of its workflows: the key "queue", which GitHub knows and the local
// tools do not know yet.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = sample.Root()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		copyFile(t, filepath.Join(sample.Root(), name), filepath.Join(dir, name))
	}
	workflows, err := filepath.Glob(filepath.Join(dir, ".github/workflows/*.yml"))
	if err != nil || len(workflows) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	for _, name := range workflows {
		stripQueue(t, name)
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Lstat(from)
	if os.IsNotExist(err) {
		return // deleted and not committed yet
	}
	if err != nil || info.Mode()&fs.ModeType != 0 {
		t.Fatalf("%s: %v %v", from, info.Mode(), err)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
		t.Fatal(err)
	}
}

func stripQueue(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(withoutQueue(string(data))), 0o644); err != nil {
		t.Fatal(err)
	}
}

func withoutQueue(workflow string) string {
	lines := slices.Collect(strings.Lines(workflow))
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "queue: max" }), "")
}

// readmeWorkflow is the YAML that the README shows under a file's name.
func readmeWorkflow(t *testing.T, name string) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(sample.Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, named := strings.Cut(string(readme), "`.github/workflows/"+name+"`")
	_, after, opened := strings.Cut(after, "```yaml\n")
	text, _, closed := strings.Cut(after, "```\n")
	if !named || !opened || !closed {
		t.Fatalf("the README shows no %s", name)
	}
	return text
}

func TestWorkflowsPassActionlint(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	for _, name := range []string{"release.yml", "rollback.yml"} { // of the README, beside the project's own
		path := filepath.Join(dir, ".github/workflows", "readme-"+name)
		if err := os.WriteFile(path, []byte(withoutQueue(readmeWorkflow(t, name))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(tool(t, actionlintModule), "-no-color", "-shellcheck=")
	cmd.Dir = dir
	if out, err := exec.Command("git", "init", "--quiet", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestWorkflowsThatChangeHostsQueue(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"deploy.yml", "rollback.yml"} {
		data, err := os.ReadFile(filepath.Join(sample.Root(), ".github/workflows", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"      group: slipway-${{ inputs.environment || 'production' }}\n      cancel-in-progress: false\n      queue: max\n",
			"permissions: {}\n",
		} {
			if !strings.Contains(string(data), line) {
				t.Errorf("%s lacks:\n%s", name, line)
			}
		}
	}
}
