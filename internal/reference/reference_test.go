package reference

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

var update = flag.Bool("update", false, "write the files instead of comparing them")

func TestFilesSayWhatTheTablesSay(t *testing.T) {
	files := map[string]string{"docs/reference.md": Markdown()}
	for _, a := range Actions {
		files[a.Path] = a.YAML()
	}
	for _, w := range Workflows {
		files[w.Path] = w.Fill(source(t, w.Path))
	}
	for name, want := range files {
		path := filepath.Join("..", "..", name)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is not what the tables say: run go test ./internal/reference -update", name)
		}
	}
}

// actionFile has the parts of an action.yml that GitHub reads.
type actionFile struct {
	Inputs map[string]struct {
		Description string
		Required    bool
		Default     string
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Shell, Run string
			Env            map[string]string
		}
	}
}

// Each action is a program of its own that runs the verb of its folder.
func TestEveryActionRunsItsOwnVerb(t *testing.T) {
	for _, a := range Actions {
		program, err := os.ReadFile(filepath.Join("..", "..", filepath.Dir(a.Path), "main.go"))
		if err != nil {
			t.Fatal(err)
		}
		constant := ""
		for word := range strings.SplitSeq(string(a.Verb), "-") {
			constant += strings.ToUpper(word[:1]) + word[1:]
		}
		if want := "app.Action(config." + constant + ", app.System{"; !strings.Contains(string(program), want) {
			t.Errorf("%s: its program does not say %q", a.Path, want)
		}
	}
}

// GitHub is stricter than any local runner. It drops inputs that are not
// declared. An input without a mapping never reaches a composite action's
// program. An output without a value is empty. GitHub reports none of this as
// an error.
func TestContractOfEveryAction(t *testing.T) {
	for _, a := range Actions {
		t.Run(string(a.Verb), func(t *testing.T) {
			file := parse(t, a)
			if file.Runs.Using != "composite" || len(file.Runs.Steps) != 2 {
				t.Fatalf("%s is not a composite action of two steps", a.Path)
			}
			compile, step := file.Runs.Steps[0], file.Runs.Steps[1]
			if len(compile.Env) > 0 || compile.Shell != "bash" || compile.Run != `exec "$GITHUB_ACTION_PATH"/`+a.Compile {
				t.Errorf("the first step must build the program, without any input: %+v", compile)
			}
			read := inputsRead(t, a.Verb)
			declared := slices.Sorted(maps.Keys(file.Inputs))
			if !slices.Equal(read, declared) {
				t.Errorf("the program reads %v, the action declares %v", read, declared)
			}
			for _, name := range read {
				if got, want := step.Env["INPUT_"+strings.ToUpper(name)], "${{ inputs."+name+" }}"; got != want {
					t.Errorf("input %s is mapped to %q, want %q", name, got, want)
				}
			}
			if got, want := step.Env["PROGRAM"], "${{ steps."+compile.ID+".outputs.path }}"; got != want {
				t.Errorf("the second step runs %q, want %q", got, want)
			}
			if len(step.Env) != len(read)+1 {
				t.Errorf("%d names are mapped, %d inputs are read", len(step.Env)-1, len(read))
			}
			for _, o := range config.OutputsOf(a.Verb) {
				if got, want := file.Outputs[o.Name].Value, "${{ steps."+step.ID+".outputs."+o.Name+" }}"; got != want {
					t.Errorf("output %s has the value %q, want %q", o.Name, got, want)
				}
			}
			if len(file.Outputs) != len(config.OutputsOf(a.Verb)) {
				t.Errorf("%d outputs are declared, %d are set", len(file.Outputs), len(config.OutputsOf(a.Verb)))
			}
			if step.Shell != "bash" || step.Run != `exec "$PROGRAM"` {
				t.Errorf("the second step must exec the program, start nothing else, and paste nothing into the script: %q", step.Run)
			}
		})
	}
}

func TestOutputsThatAreSetAreDeclared(t *testing.T) {
	build, deploy := report.Build{Made: &release.Manifest{}}, report.Rollout{Result: rollout.Result{Digest: "a digest"}}
	rolled, staged := outputsOf(t, report.Rollout{}), outputsOf(t, deploy)
	told := append(slices.Clone(rolled), "pull-requests") // package app sets this one
	set := map[config.Verb][]string{
		config.BuildRelease:   outputsOf(t, build),
		config.Deploy:         append(slices.Clone(staged), "pull-requests"),
		config.Rollback:       told,
		config.BuildAndDeploy: append(outputsOf(t, report.Both{Build: build, Then: deploy}), "pull-requests"),
		config.Stage:          staged,
		config.Activate:       append(slices.Clone(staged), "pull-requests"),
		config.Revert:         told,
		config.Setup:          outputsOf(t, report.Setup{}),
	}
	for verb, names := range set {
		slices.Sort(names)
		var declared []string
		for _, o := range config.OutputsOf(verb) {
			declared = append(declared, o.Name)
		}
		slices.Sort(declared)
		if !slices.Equal(names, declared) {
			t.Errorf("%s sets %v and declares %v", verb, names, declared)
		}
	}
}

func outputsOf(t *testing.T, r report.Result) []string {
	t.Helper()
	outputs, err := r.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Keys(outputs))
}

// inputsRead returns the settings that the program reads, except for those that
// only the command line has.
func inputsRead(t *testing.T, v config.Verb) []string {
	t.Helper()
	read := map[string]bool{}
	_, err := config.Load(v, func(name string) string {
		read[name] = true
		return ""
	})
	if err == nil {
		t.Fatal("a verb without any setting was accepted")
	}
	for _, s := range config.Of(v) {
		if s.ByHand {
			delete(read, s.Name)
		}
	}
	return slices.Sorted(maps.Keys(read))
}

func parse(t *testing.T, a Action) actionFile {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", a.Path))
	if err != nil {
		t.Fatal(err)
	}
	var file actionFile
	if err := yaml.Load(data, &file); err != nil {
		t.Fatal(err)
	}
	return file
}
