package lint

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestShellFiles(t *testing.T) {
	need(t, "shellcheck")
	files := shellFiles(t)
	if !slices.Contains(files["bash"], ".ci/run") || !slices.Contains(files["sh"], "test/chaos/host/facts.sh") {
		t.Fatalf("not all shell files are found: %q", files)
	}
	for shell, names := range files {
		lint(t, root, "shellcheck", append([]string{"--shell=" + shell}, names...)...)
	}
}

// The parts of the stand-in for asdf are one program.
func TestTheStandInForAsdf(t *testing.T) {
	need(t, "shellcheck")
	parts, err := filepath.Glob(root + "/test/managers/standin/*.bash")
	if err != nil || len(parts) == 0 {
		t.Fatalf("no parts: %v", err)
	}
	program := "#!/usr/bin/env bash\nGENERATION=classic\n"
	for _, part := range parts {
		program += read(t, part)
	}
	lintText(t, program, root, "shellcheck", "-")
}

// elsewhere are folders whose shell files other tests check, each as the whole
// program that it is a part of, and folders that are not the project's.
var elsewhere = []string{".git", "look", "internal/script/sh", "test/managers/standin"}

// shellFiles lists the names of all others by the shell that runs them.
func shellFiles(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(elsewhere, name):
			return fs.SkipDir
		case entry.Type().IsRegular():
			if shell := shellOf(t, path); shell != "" {
				files[shell] = append(files[shell], name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var shebang = regexp.MustCompile(`^#!(?:/usr)?/bin/(?:env )?(sh|bash)\n`)

// shellOf returns the shell that runs a file; a file without a first line that
// says so is for sh.
func shellOf(t *testing.T, path string) string {
	t.Helper()
	switch filepath.Ext(path) {
	case ".sh", ".eex", "":
	default:
		return ""
	}
	if found := shebang.FindStringSubmatch(read(t, path)); found != nil {
		return found[1]
	}
	if strings.HasSuffix(path, ".sh") {
		return "sh"
	}
	return ""
}
