package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

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

// The shortest way to deploy and to go back.
func TestACallerNeedsTenLines(t *testing.T) {
	t.Parallel()
	if n := strings.Count(shown(t, "docs/workflows.md", "release.yml"), "\n"); n > 10 {
		t.Errorf("%d lines", n)
	}
}

func TestWorkflowsThatChangeHostsQueue(t *testing.T) {
	t.Parallel()
	const group = "concurrency:\n  group: slipway-${{ inputs.environment || 'production' }}\n  cancel-in-progress: false\n  queue: max\n"
	job := strings.ReplaceAll(strings.TrimSuffix("    "+strings.ReplaceAll(group, "\n", "\n    "), "    "), "\n    \n", "\n")
	for name, want := range map[string]string{"deploy.yml": job, "rollback.yml": job, "fleet.yml": "\n" + group} {
		text := source(t, name)
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks:\n%s", name, want)
		}
		// What a called workflow asks for, each caller has to grant. Only the job that
		// builds asks: for less than most callers grant.
		named := len(permissions.FindAllString(text, -1))
		if builds := strings.Count(text, "    permissions: {contents: read}\n"); named != builds {
			t.Errorf("%s names other permissions than those of the build", name)
		}
		if n := strings.Count(text, "concurrency:"); n != 1 {
			t.Errorf("%s has %d groups: one of them would wait for the other", name, n)
		}
	}
}

var permissions = regexp.MustCompile(`(?m)^ *permissions:`)

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
	Environment environment
	Strategy    struct {
		FailFast *bool `yaml:"fail-fast"`
		Matrix   map[string]string
		Max      any `yaml:"max-parallel"`
	}
	Steps []struct {
		If, Uses, Run string
		With, Env     map[string]string
	}
}

// environment is written as a name, or with a URL.
type environment struct{ Name, URL string }

func (e *environment) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&e.Name)
	}
	return node.Decode((*struct{ Name, URL string })(e))
}

func parsed(t *testing.T, name string) (w workflow) {
	t.Helper()
	if err := yaml.Load([]byte(source(t, name)), &w); err != nil {
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
	if err := yaml.Load(data, &action); err != nil {
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
				if !strings.HasPrefix(step.Uses, "apxr/slipway/") {
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

// An act run has tried it of the one: TestPushBuildsAndDeploysAndOneClickRollsBack.
func TestDeployAndRollbackReadAnInventoryAlike(t *testing.T) {
	t.Parallel()
	deploy, rollback := parsed(t, "deploy.yml").Jobs["deploy"].Steps, parsed(t, "rollback.yml").Jobs["rollback"].Steps
	if len(deploy) != 2 || len(rollback) != 2 {
		t.Fatalf("%d and %d steps", len(deploy), len(rollback))
	}
	if !reflect.DeepEqual(deploy[0], rollback[0]) || deploy[0].If != "inputs.inventory != ''" {
		t.Errorf("the checkout is %+v and %+v", deploy[0], rollback[0])
	}
	for _, key := range []string{"hosts", "inventory", "inventory-group", "vault-password"} {
		if a, b := deploy[1].With[key], rollback[1].With[key]; a != b || a == "" {
			t.Errorf("%s is %q and %q", key, a, b)
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
		if (j.Environment.Name != "") != (id == "approve") {
			t.Errorf("%s: its environment is %+v: one job asks for the approval, and has no secrets", id, j.Environment)
		}
	}
	if len(with) != 4 {
		t.Fatalf("jobs with actions: %v", with)
	}
	for job, own := range map[string][]string{
		"stage":    {"build-host", "force", "shard"},
		"first":    {"before-activate-once", "comment", "migrate", "shard"},
		"activate": {"comment", "shard"},
		"revert":   {"comment", "expect-current", "shard"},
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

// script runs the only script of a job of fleet.yml as a runner does.
func script(t *testing.T, job string, env ...string) (said, outputs string, ok bool) {
	t.Helper()
	step := parsed(t, "fleet.yml").Jobs[job].Steps[0]
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if _, has := step.Env[name]; !has {
			t.Fatalf("%s has no variable %s", job, name)
		}
	}
	file := filepath.Join(t.TempDir(), "output")
	cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.Run)
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "GITHUB_OUTPUT="+file)
	out, err := cmd.CombinedOutput()
	data, _ := os.ReadFile(file)
	return string(out), string(data), err == nil
}

func TestFleetIsDividedIntoAWholeNumberOfParts(t *testing.T) {
	t.Parallel()
	for shards, want := range map[string]string{
		"1":   "shards=1\nall=[1]\nrest=[]\n",
		"2":   "shards=2\nall=[1,2]\nrest=[2]\n",
		"256": "",
		"0":   "::error::shards: 0 is not a whole number from 1 to 256", "257": "::error::shards: 257 is not", "1000": "::error::",
		"": "::error::shards: '' is not", "-1": "::error::", "+2": "::error::", "2.5": "::error::", "07": "::error::", "1e2": "::error::",
		"two": "::error::shards: two is not", "4 ": "::error::", "1\n::notice::x": "::error::shards: $'1\\n::notice::x' is not",
		"$(id)": "::error::", "a[$(id)]": "::error::", "٣": "::error::",
	} {
		said, outputs, ok := script(t, "plan", "SHARDS="+shards)
		if refused := strings.HasPrefix(want, "::error::"); refused == ok || refused && (!strings.HasPrefix(said, want) || strings.Count(said, "\n") != 1 || outputs != "") {
			t.Errorf("shards: %q: ok is %v, and it says %s", shards, ok, said)
		} else if !refused && want != "" && outputs != want {
			t.Errorf("shards: %q: %s", shards, outputs)
		}
		if strings.Contains(said, "uid=") {
			t.Errorf("shards: %q was run", shards)
		}
	}
}

func TestFleetIsGreenOnlyIfEveryPartIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage, first, result, shards, activate, revert string
		says                                           string // empty: green
	}{
		{"success", "success", "live", "4", "success", "skipped", ""},
		{"success", "success", "unchanged", "4", "success", "skipped", ""},
		{"success", "success", "partial", "4", "success", "skipped", ""},
		{"success", "success", "live", "1", "skipped", "skipped", ""},
		{"success", "success", "superseded", "4", "skipped", "skipped", ""},
		{"success", "success", "live", "4", "failure", "success", "activate: failure, revert: success"},
		{"success", "success", "live", "4", "cancelled", "failure", "activate: cancelled, revert: failure"},
		{"success", "success", "live", "4", "skipped", "success", "not every part runs the release"}, // cancelled in between
		{"success", "success", "", "4", "skipped", "success", "says nothing"},
		{"success", "failure", "", "4", "skipped", "success", "the first part failed (revert: success)"},
		{"success", "cancelled", "", "1", "skipped", "cancelled", "the first part failed (revert: cancelled)"},
		{"success", "skipped", "", "4", "skipped", "skipped", "nothing was switched: it was not approved"},
		{"failure", "skipped", "", "4", "skipped", "skipped", "nothing was switched: not every part has the release"},
		{"cancelled", "skipped", "", "4", "skipped", "skipped", "nothing was switched"},
	} {
		said, outputs, ok := script(t, "done", "PLAN=success", "STAGE="+c.stage, "FIRST="+c.first, "RESULT="+c.result, "SHARDS="+c.shards,
			"ACTIVATE="+c.activate, "REVERT="+c.revert, "RELEASE_ID=20240101T000000", "VERSION=0.1.0", "PREVIOUS=")
		green := c.says == ""
		want := ""
		if green {
			want = "release-id=20240101T000000\nversion=0.1.0\nprevious-release-id=\nresult=" + c.result + "\n"
		}
		if ok != green || !strings.Contains(said, c.says) || outputs != want {
			t.Errorf("%+v: green is %v, it says %q and puts out %q", c, ok, said, outputs)
		}
	}
	if said, _, ok := script(t, "done", "PLAN=failure", "STAGE=skipped", "FIRST=skipped"); ok || !strings.Contains(said, "nothing was done") {
		t.Errorf("without a plan: green is %v, it says %q", ok, said)
	}
}
