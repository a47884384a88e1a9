package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/apxr/slipway/test/act"
	"github.com/apxr/slipway/test/sample"
)

// checkout is a copy of this project as a workflow gets it.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := act.Checkout(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shown is a workflow that the documentation shows.
func shown(t *testing.T, page, name string) string {
	t.Helper()
	text, err := act.Shown(page, name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWorkflowsPassActionlint(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	// Beside the project's own, those of the documentation.
	for _, d := range []struct{ page, name string }{{"README.md", "release.yml"}, {"README.md", "rollback.yml"}, {"docs/fleet.md", "release.yml"}} {
		path := filepath.Join(dir, ".github/workflows", strings.ReplaceAll(d.page, "/", "-")+"-"+d.name)
		if err := os.WriteFile(path, []byte(act.WithoutQueue(shown(t, d.page, d.name))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(tool(t, act.Actionlint), "-no-color", "-shellcheck=")
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
	const group = "concurrency:\n  group: slipway-${{ inputs.environment || 'production' }}\n  cancel-in-progress: false\n  queue: max\n"
	job := strings.ReplaceAll(strings.TrimSuffix("    "+strings.ReplaceAll(group, "\n", "\n    "), "    "), "\n    \n", "\n")
	for name, want := range map[string]string{"deploy.yml": job, "rollback.yml": job, "fleet.yml": "\n" + group} {
		text := source(t, name)
		for _, line := range []string{want, "permissions: {}\n"} {
			if !strings.Contains(text, line) {
				t.Errorf("%s lacks:\n%s", name, line)
			}
		}
		if n := strings.Count(text, "concurrency:"); n != 1 {
			t.Errorf("%s has %d groups: one of them would wait for the other", name, n)
		}
	}
}

func source(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sample.Root(), ".github/workflows", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// workflow is what the tests ask of one.
type workflow struct {
	On struct {
		Call struct{ Inputs, Secrets map[string]any } `yaml:"workflow_call"`
	}
	Jobs map[string]job
}

type job struct {
	If          string
	Timeout     int `yaml:"timeout-minutes"`
	Environment string
	Strategy    struct {
		FailFast *bool `yaml:"fail-fast"`
		Matrix   map[string]string
		Max      any `yaml:"max-parallel"`
	}
	Steps []struct {
		If, Uses, Run string
		With          map[string]string
	}
}

func parsed(t *testing.T, name string) (w workflow) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(source(t, name)), &w); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return w
}

// inputs are those of one of this project's actions; needed without a value is
// an error of the workflow.
func inputs(t *testing.T, uses string) map[string]bool {
	t.Helper()
	dir := strings.TrimSuffix(strings.TrimPrefix(uses, "apxr/slipway/"), "@v1")
	data, err := os.ReadFile(filepath.Join(sample.Root(), dir, "action.yml"))
	if err != nil {
		t.Fatalf("%s: %v", uses, err)
	}
	var action struct {
		Inputs map[string]struct{ Required bool }
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{}
	for name, input := range action.Inputs {
		required[name] = input.Required
	}
	return required
}

func TestWorkflowsGiveActionsWhatTheyTake(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"deploy.yml", "rollback.yml", "fleet.yml"} {
		text := source(t, name)
		w := parsed(t, name)
		for in := range w.On.Call.Inputs {
			if !strings.Contains(text, "inputs."+in+" ") {
				t.Errorf("%s has an input %s, and does not use it", name, in)
			}
		}
		for secret := range w.On.Call.Secrets {
			if !strings.Contains(text, "secrets."+secret+" ") {
				t.Errorf("%s has a secret %s, and does not use it", name, secret)
			}
		}
		for id, j := range w.Jobs {
			if j.Timeout == 0 {
				t.Errorf("%s: %s has no timeout-minutes", name, id)
			}
			for _, step := range j.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: a script of %s has an expression in it: use env", name, id)
				}
				if step.Uses == "" {
					continue
				}
				takes := inputs(t, step.Uses)
				for key := range step.With {
					if _, ok := takes[key]; !ok {
						t.Errorf("%s: %s gives %s %q, which it does not take", name, id, step.Uses, key)
					}
				}
				for key, required := range takes {
					// A workflow run knows these of itself.
					if required && step.With[key] == "" && key != "repository" && key != "revision" {
						t.Errorf("%s: %s does not give %s %q", name, id, step.Uses, key)
					}
				}
			}
		}
	}
}

// What the parts of a fleet are given must not differ, but for what says which
// part it is.
func TestPartsOfAFleetAreToldTheSame(t *testing.T) {
	t.Parallel()
	w := parsed(t, "fleet.yml")
	with := map[string]map[string]string{}
	for id, j := range w.Jobs {
		for _, step := range j.Steps {
			if step.Uses != "" {
				with[id] = step.With
			}
		}
		if len(j.Strategy.Matrix) > 0 && (j.Strategy.FailFast == nil || *j.Strategy.FailFast || j.Strategy.Max != nil) {
			t.Errorf("%s: one leg that fails must stop no other, and all must run at once", id)
		}
		if (j.Environment != "") != (id == "approve") {
			t.Errorf("%s: its environment is %q: one job asks for the approval, and has no secrets", id, j.Environment)
		}
	}
	if len(with) != 4 {
		t.Fatalf("jobs with actions: %v", with)
	}
	for job, own := range map[string][]string{
		"stage":    {"build-host", "force", "shard"},
		"first":    {"before-activate-once", "shard"},
		"activate": {"shard"},
		"revert":   {"expect-current", "shard"},
	} {
		for key, value := range with[job] {
			for other, values := range with {
				if _, takes := inputs(t, "apxr/slipway/actions/"+verbOf(other)+"@v1")[key]; takes && values[key] != value && !slices.Contains(own, key) {
					// What goes back waits for nothing, and a revert allows no failures.
					if other == "revert" && key == "batch-pause" {
						continue
					}
					t.Errorf("%s is given %s: %q, and %s %q", job, key, value, other, values[key])
				}
			}
		}
	}
	for _, id := range []string{"revert", "done"} {
		if !strings.HasPrefix(w.Jobs[id].If, "always()") || !strings.HasPrefix(w.Jobs[id].Steps[0].If, "always()") {
			t.Errorf("%s does not run in a cancelled run", id)
		}
	}
}

// verbOf is the action that a job of fleet.yml uses.
func verbOf(job string) string {
	if job == "first" {
		return "activate"
	}
	return job
}
