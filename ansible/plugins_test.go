package ansible

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The plugins are tested by Python, in tests; with the interpreter that Ansible itself has.
func TestPlugins(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), interpreter(t), "-B", "-m", "unittest", "discover")
	cmd.Dir = "tests"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// interpreter is the first line of ansible-playbook.
func interpreter(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("ansible-playbook")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test must run in CI: %v", err)
		}
		t.Skip(err)
	}
	file, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	python, isScript := strings.CutPrefix(strings.TrimSpace(line), "#!")
	python = strings.TrimSpace(python)
	if !isScript || !filepath.IsAbs(python) || strings.Contains(python, " ") {
		t.Fatalf("%s begins with %q, which names no interpreter", program, line)
	}
	return python
}
