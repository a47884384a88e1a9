package act

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// chatty are steps that say much before they fail.
const chatty = `on: push
jobs:
  chatty:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix: {n: [1, 2, 3, 4, 5, 6, 7, 8]}
    steps:
      - run: |
          seq 3000
          echo "last words of ${{ matrix.n }}."
          exit 1
`

func TestWhatAStepSaysBeforeItFailsIsHeard(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".github/workflows"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".github/workflows/chatty.yml"), []byte(chatty), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-ec", `cd "$0"; git init -q -b main; git add .; git -c user.name=a -c user.email=a@b commit -qm push`, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd, err := Command(t.Context(), dir, t.TempDir(), "push")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it is green")
	}
	for n := 1; n <= 8; n++ {
		if !strings.Contains(string(out), fmt.Sprintf("| last words of %d.", n)) {
			t.Errorf("the last words of %d are lost", n)
		}
	}
	if t.Failed() {
		t.Logf("%.2000s", out)
	}
}

func TestACheckoutsActionsAreStillActions(t *testing.T) {
	dir := t.TempDir()
	if err := Checkout(dir); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "actions/*/action.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no actions: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var action struct {
			Runs struct{ Steps []struct{ Run string } }
		}
		if err := yaml.Load(data, &action); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if steps := action.Runs.Steps; len(steps) != 2 || !strings.HasPrefix(steps[0].Run, `command "$GITHUB_ACTION_PATH"`) || steps[1].Run != `command "$PROGRAM"` {
			t.Errorf("%s runs %q", file, steps)
		}
	}
}

// Each job of a test would take half a minute longer.
func TestACheckoutsProgramsAreBuiltWithTheMachinesCaches(t *testing.T) {
	dir := t.TempDir()
	if err := Checkout(dir); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(dir, "actions/compile.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(script), jobCaches) || strings.Count(string(script), "GOCACHE=") != 1 {
		t.Errorf("its caches are those of a job:\n%s", script)
	}
}
