package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// project is a module with these files.
func project(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// test is a file of a package with a test and a fuzz function.
func test(pkg, name, body string) string {
	return "package " + pkg + "\n\nimport \"testing\"\n\nfunc TestNever(t *testing.T) { t.Fatal() }\n\nfunc " + name +
		"(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(t *testing.T, n int) { " + body + " })\n}\n"
}

func TestEachFunctionRuns(t *testing.T) {
	dir := project(t, map[string]string{
		"go.mod":      "module example.com/m\n\ngo 1.26\n",
		"a/a_test.go": test("a", "FuzzA", "t.Error(n)"),
		"b/b_test.go": test("b", "FuzzB", ""),
	})
	var log strings.Builder
	err := run(t.Context(), dir, "1x", []string{"./..."}, &log)
	if err == nil || err.Error() != "FuzzA of example.com/m/a: exit status 1" {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]bool{"--- FAIL: FuzzA": true, "FuzzB of example.com/m/b\n": true, "TestNever": false} {
		if strings.Contains(log.String(), text) != want {
			t.Errorf("%q should be there: %v\n%s", text, want, log.String())
		}
	}
}

func TestWhatCannotBeFuzzedIsAnError(t *testing.T) {
	dir := project(t, map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.26\n",
		"none/none.go":     "package none\n",
		"bad/bad_test.go":  "package bad\n\nfunc broken() int {}\n",
		"none/one_test.go": "package none\n\nimport \"testing\"\n\nfunc TestOne(*testing.T) {}\n",
	})
	for pattern, want := range map[string]string{"./none": "these packages have no fuzz functions", "./bad": "missing return"} {
		err := run(t.Context(), dir, "1x", []string{pattern}, &strings.Builder{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}
