package reference

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/apxr/slipway/internal/config"
)

func source(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// workflowFile has the parts of a reusable workflow that GitHub reads.
type workflowFile struct {
	On struct {
		Call struct {
			Inputs  map[string]struct{ Type, Default string }
			Secrets map[string]struct{ Required bool }
			Outputs map[string]struct{ Value string }
		} `yaml:"workflow_call"`
	}
	Jobs map[string]struct {
		Outputs map[string]string
		Steps   []struct {
			Uses string
			With map[string]string
		}
	}
}

// GitHub drops an input that a called workflow does not declare, and passes
// nothing on that its steps do not name.
func TestContractOfEveryReusableWorkflow(t *testing.T) {
	for _, w := range Workflows {
		var file workflowFile
		if err := yaml.Load([]byte(source(t, w.Path)), &file); err != nil {
			t.Fatal(err)
		}
		used := map[string]bool{}
		for _, v := range w.Verbs {
			with := passed(t, file, v)
			for _, s := range config.InputsOf(v) {
				if withheld[s.Name] != "" {
					continue
				}
				used[declared(s)] = true
				if _, there := file.On.Call.Inputs[s.Name]; there == (s.Type == config.Secret) {
					t.Errorf("%s: %s is to be an input unless it is secret, then a secret", w.Path, s.Name)
				}
				if !strings.Contains(with[s.Name]+" ", declared(s)+" ") {
					t.Errorf("%s gives %s %q as %s, without %s", w.Path, v, with[s.Name], s.Name, declared(s))
				}
				delete(with, s.Name)
			}
			if len(with) > 0 {
				t.Errorf("%s gives %s what it does not take: %v", w.Path, v, with)
			}
		}
		for _, name := range slices.Concat(keys("inputs.", file.On.Call.Inputs), keys("secrets.", file.On.Call.Secrets)) {
			if !used[name] {
				t.Errorf("%s declares %s, which no action takes", w.Path, name)
			}
			delete(used, name)
		}
		if len(used) > 0 {
			t.Errorf("%s does not declare %v", w.Path, slices.Sorted(maps.Keys(used)))
		}
	}
}

// declared returns how a workflow refers to the input or secret of a setting.
func declared(s config.Setting) string {
	if s.Type != config.Secret {
		return "inputs." + s.Name
	}
	name := strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
	if name == "SSH_KEY" || name == "SSH_PASSPHRASE" {
		name = "SLIPWAY_" + name
	}
	return "secrets." + name
}

func keys[V any](prefix string, m map[string]V) (names []string) {
	for name := range m {
		names = append(names, prefix+name)
	}
	return names
}

// passed returns what the one step that uses an action passes to it.
func passed(t *testing.T, file workflowFile, v config.Verb) (with map[string]string) {
	t.Helper()
	for _, job := range file.Jobs {
		for _, step := range job.Steps {
			if step.Uses == "apxr/slipway/actions/"+string(v)+"@v1" {
				if with != nil {
					t.Errorf("several steps use %s", v)
				}
				with = step.With
			}
		}
	}
	return with
}

func TestOutputsOfEveryReusableWorkflow(t *testing.T) {
	for _, w := range Workflows {
		var file workflowFile
		if err := yaml.Load([]byte(source(t, w.Path)), &file); err != nil {
			t.Fatal(err)
		}
		last := w.Verbs[len(w.Verbs)-1]
		for _, o := range config.OutputsOf(last) {
			if got, want := file.On.Call.Outputs[o.Name].Value, "${{ jobs."+string(last)+".outputs."+o.Name+" }}"; got != want {
				t.Errorf("%s: output %s has the value %q, want %q", w.Path, o.Name, got, want)
			}
			if got, want := file.Jobs[string(last)].Outputs[o.Name], "${{ steps."+string(last)+".outputs."+o.Name+" }}"; got != want {
				t.Errorf("%s: output %s of the job has the value %q, want %q", w.Path, o.Name, got, want)
			}
		}
		if n := len(config.OutputsOf(last)); len(file.On.Call.Outputs) != n || len(file.Jobs[string(last)].Outputs) != n {
			t.Errorf("%s has other outputs than %s", w.Path, last)
		}
	}
}

// A variable that forces each deploy, or says which release it is, would be
// forgotten there.
func TestNoVariableSaysWhatOneRunDoes(t *testing.T) {
	for _, w := range Workflows {
		text := source(t, w.Path)
		for _, name := range []string{"FORCE", "DRY_RUN", "CLEAN", "RELEASE_ID", "RELEASE_DIGEST", "REVISION", "LIMIT"} {
			if strings.Contains(text, "vars.SLIPWAY_"+name+" ") {
				t.Errorf("%s takes %s from a variable", w.Path, name)
			}
		}
	}
}

// What is written by hand stays as it is.
func TestPartsAreMadeBetweenTheirMarks(t *testing.T) {
	w := Workflow{Verbs: []config.Verb{config.Rollback}}
	file := "a:\n  " + opening + "outputs of the job\n  stale: 1\n  " + closing + "\nb: 2\n"
	got := w.Fill(file)
	if !strings.HasPrefix(got, "a:\n  "+opening+"outputs of the job\n  release-id: ${{ steps.rollback.outputs.release-id }}\n") ||
		!strings.HasSuffix(got, "\n  "+closing+"\nb: 2\n") || strings.Contains(got, "stale") || w.Fill(got) != got {
		t.Error(got)
	}
}
