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
	lines := slices.Collect(strings.Lines(string(data)))
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "queue: max" })
	if err := os.WriteFile(name, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWorkflowsPassActionlint(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	// actionlint looks for actions of other repositories nowhere, so the
	// project's own are checked as local ones.
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
