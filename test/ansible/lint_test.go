package ansible

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLint(t *testing.T) {
	t.Parallel()
	collections, collection := unpack(t)
	rules, err := os.ReadFile(filepath.Join(top, "ansible", ".ansible-lint"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(collection, ".ansible-lint"), rules, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, collections, collection, "ansible-lint", "--offline", "--nocolor", "-p"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPlaybookReadsTheSampleInventories(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"inventory", "inventory-local"} {
		collections, _ := unpack(t)
		inventory := copySample(t, name)
		out, err := run(t, collections, ".", "ansible-playbook", "--syntax-check", "-i", inventory, "apxr.slipway.setup")
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// What ansible-doc shows is made from the modules' documentation, which has to be well-formed.
func TestModulesAreDocumented(t *testing.T) {
	t.Parallel()
	collections, collection := unpack(t)
	modules, err := filepath.Glob(filepath.Join(collection, "plugins", "modules", "*.py"))
	if err != nil || len(modules) == 0 {
		t.Fatalf("no modules: %v", err)
	}
	ask := []string{"ansible-doc", "--json"}
	for _, path := range modules {
		ask = append(ask, "apxr.slipway."+strings.TrimSuffix(filepath.Base(path), ".py"))
	}
	out, err := run(t, collections, ".", ask...)
	for _, name := range ask[2:] {
		if err != nil || !strings.Contains(out, `"`+name+`": {`) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	if out, err := run(t, collections, ".", "ansible-doc", "-t", "callback", "apxr.slipway.lines"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// copySample is a copy of a sample inventory with its vault filled in, as the README says.
func copySample(t *testing.T, name string) string {
	t.Helper()
	inventory := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(inventory, os.DirFS(filepath.Join(top, "examples", name))); err != nil {
		t.Fatal(err)
	}
	vault := filepath.Join(inventory, "group_vars", "all", "vault.yml")
	if err := os.Rename(vault+".example", vault); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return inventory
}
