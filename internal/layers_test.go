package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/apxr/slipway/"

// may is the dependency direction: what a package may import of this module.
// A package that is not here may not exist.
var may = map[string][]string{
	"internal/release":       nil,
	"internal/remote":        nil,
	"internal/local":         nil,
	"internal/terminal":      nil,
	"internal/secret":        nil,
	"internal/console":       {"internal/script", "internal/release"},
	"internal/ansible":       nil,
	"internal/gha":           {"internal/progress"},
	"internal/ghapi":         nil,
	"internal/progress":      {"internal/secret"},
	"internal/config":        {"internal/release", "internal/words"},
	"internal/reference":     {"internal/config"},
	"internal/script":        {"internal/release"},
	"internal/build":         {"internal/cause", "internal/script", "internal/release", "internal/progress"},
	"internal/words":         nil,
	"internal/cause":         nil,
	"internal/unitlog":       {"internal/words"},
	"internal/host":          {"internal/cause", "internal/config", "internal/progress", "internal/release", "internal/script", "internal/unitlog", "internal/words"},
	"internal/host/hosttest": {"internal/config", "internal/host", "internal/release", "internal/rollout", "internal/script"},
	"internal/parcel":        {"internal/release"},
	"internal/rollout":       {"internal/config", "internal/host", "internal/parcel", "internal/progress", "internal/release", "internal/words"},
	"internal/setup":         {"internal/ansible", "internal/progress"},
	"internal/report":        {"internal/host", "internal/release", "internal/rollout", "internal/setup", "internal/words"},
	"internal/app": {
		"internal/ansible", "internal/build", "internal/config", "internal/console", "internal/gha", "internal/ghapi", "internal/host", "internal/local", "internal/progress", "internal/release",
		"internal/remote", "internal/report", "internal/rollout", "internal/script", "internal/secret", "internal/setup", "internal/terminal", "internal/words",
	},
	"cmd/slipway": {"ansible", "internal/app"},
}

func list(t *testing.T, patterns ...string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,TestImports,XTestImports"}, patterns...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %v\n%s", err, exit.Stderr)
	}
	packages := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[strings.TrimPrefix(p.ImportPath, module)] = ours(p.Imports)
		packages[strings.TrimPrefix(p.ImportPath, module)+" (tests)"] = ours(append(p.TestImports, p.XTestImports...))
	}
}

func ours(imports []string) []string {
	var own []string
	for _, path := range imports {
		if name, found := strings.CutPrefix(path, module); found {
			own = append(own, name)
		}
	}
	return own
}

func TestDependenciesPointOneWay(t *testing.T) {
	for name, imports := range list(t, "./internal/...", "./cmd/...") {
		name, tests := strings.CutSuffix(name, " (tests)")
		allowed, known := may[name]
		if !known && name != "internal" {
			t.Errorf("%s is not in this test's table: say what it may import", name)
		}
		for _, path := range imports {
			switch {
			case strings.HasPrefix(path, "test/"):
				t.Errorf("%s imports %s, which is for tests of the whole", name, path)
			case !tests && !slices.Contains(allowed, path):
				t.Errorf("%s must not know %s", name, path)
			}
		}
	}
}

// Composition happens in one place: of everything, tests and actions included,
// only app imports the runner's side and the servers' side.
func TestOnlyAppKnowsBothSides(t *testing.T) {
	for name, imports := range list(t, "./...") {
		for _, path := range imports {
			if (path == "internal/gha" || path == "internal/ghapi" || path == "internal/remote" || path == "internal/local") && !strings.HasPrefix(name, "internal/app") && !strings.HasPrefix(name, path) && !strings.HasPrefix(name, "test/") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
