//go:build full

package act

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/reference"
	"github.com/apxr/slipway/test/sample"
)

// The programs are built as on GitHub, with the caches of a job. Other tests use
// this machine's.
func TestOneJobBuildsEveryActionFromNothing(t *testing.T) {
	dir := t.TempDir()
	output, env := filepath.Join(dir, "output"), filepath.Join(dir, "env")
	variables := []string{"PATH=" + os.Getenv("PATH"), "RUNNER_TEMP=" + dir, "GITHUB_OUTPUT=" + output, "GITHUB_ENV=" + env}
	for i, a := range reference.Actions {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", `exec "$GITHUB_ACTION_PATH"/`+a.Compile)
		cmd.Env = append(variables, "GITHUB_ACTION_PATH="+filepath.Join(sample.Root(), filepath.Dir(a.Path)))
		out, err := cmd.CombinedOutput()
		t.Logf("%s:\n%s", a.Verb, out)
		if err != nil || strings.Contains(string(out), "from nothing") != (i == 0) {
			t.Fatalf("%s: %v", a.Verb, err)
		}
		if i == 0 {
			variables = append(variables, strings.TrimSpace(read(t, env)))
		}
		lines := strings.Fields(read(t, output))
		program := exec.CommandContext(t.Context(), strings.TrimPrefix(lines[len(lines)-1], "path="))
		said, err := program.CombinedOutput() // it has neither settings nor a runner
		if program.ProcessState == nil || program.ProcessState.ExitCode() != 2 || !strings.Contains(string(said), "this is not a workflow step") {
			t.Errorf("%s: %v: %s", a.Verb, err, said)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
