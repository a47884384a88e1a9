package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestBugReportNamesEveryVerb(t *testing.T) {
	var form struct {
		Body []struct {
			ID         string
			Attributes struct{ Options yaml.Node }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, ".github/ISSUE_TEMPLATE/bug_report.yml")), &form); err != nil {
		t.Fatal(err)
	}
	var offered []string
	for _, field := range form.Body {
		if field.ID == "verb" {
			for _, option := range field.Attributes.Options.Content {
				offered = append(offered, option.Value)
			}
		}
	}
	verbs := slices.DeleteFunc(headings(t, "docs/reference.md"), func(heading string) bool {
		return slices.Contains([]string{"reference", "exit-codes", "reusable-workflows", "deployyml", "rollbackyml"}, heading)
	})
	if n := len(verbs); n < 10 || len(offered) < n || !slices.Equal(slices.Sorted(slices.Values(offered[:n])), slices.Sorted(slices.Values(verbs))) {
		t.Errorf("the form offers %q, the verbs are %q", offered, verbs)
	}
}

// What security.md says nobody can do is what a test tries.
func TestTheTestsThatSecurityNamesExist(t *testing.T) {
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(read(t, "docs/security.md"), -1)
	if len(named) < 20 {
		t.Errorf("it names %d tests", len(named))
	}
	var sources strings.Builder
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.go") {
			sources.WriteString(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range named {
		if !strings.Contains(sources.String(), "func "+name[1]+"(t *testing.T)") {
			t.Errorf("there is no %s", name[1])
		}
	}
}

func TestEveryDirectoryOfTestsIsListed(t *testing.T) {
	list := read(t, "test/README.md")
	entries, err := os.ReadDir("test")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() && !strings.Contains(list, "| `"+entry.Name()+"` |") {
			t.Errorf("test/README.md does not list %s", entry.Name())
		}
	}
}

var (
	record    = regexp.MustCompile(`^# (\d{4}): (.+)\n\nDate: (\d{4}-\d{2}-\d{2})\n(?:Replaced in part by: (\d{4}(?:, \d{4})*)\n)?\n## Decision\n\n[^#]+\n\n## Why\n\n[^#]+\n\n## Consequences\n\n[^#]+\n$`)
	shortName = regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`)
)

func TestDecisionsAreInTheIndex(t *testing.T) {
	const folder = "docs/decisions"
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, entry := range entries {
		if entry.Name() == "README.md" {
			continue
		}
		r := record.FindStringSubmatch(read(t, path.Join(folder, entry.Name())))
		name := shortName.FindStringSubmatch(entry.Name())
		if r == nil || name == nil || r[1] != name[1] {
			t.Errorf("%s is not written as the others are", entry.Name())
			continue
		}
		fmt.Fprintf(&rows, "| %s | [%s](%s) | %s | %s |\n", r[1], r[2], entry.Name(), r[3], r[4])
	}
	if !strings.Contains(read(t, path.Join(folder, "README.md")), "|---|---|---|---|\n"+rows.String()+"\n") {
		t.Errorf("%s/README.md has other rows than:\n%s", folder, rows.String())
	}
}
