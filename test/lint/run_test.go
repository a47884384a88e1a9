package lint

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// root is the repository, seen from here.
const root = "../.."

// need skips a test on a machine without the program; with CI=true the test fails.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	} else if os.Getenv("CI") == "true" {
		t.Fatalf("this test must run in CI: %v", err)
	} else {
		t.Skip(err)
	}
}

// lint runs a linter in a directory. Its findings are errors.
func lint(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	lintText(t, "", dir, program, args...)
}

// lintText is lint with a text on stdin.
func lintText(t *testing.T, text, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", program, err, out)
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
