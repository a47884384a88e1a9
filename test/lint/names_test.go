package lint

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/apxr/slipway/internal/config"
)

// variableOf returns the variable of a setting, which has the same name on the
// command line; secretOf the secret.
func variableOf(name string) string { return "SLIPWAY_" + capitals(name) }

func secretOf(name string) string {
	if strings.HasPrefix(name, "ssh-") {
		return variableOf(name)
	}
	return capitals(name)
}

func capitals(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

var (
	reference = regexp.MustCompile(`\b(vars|secrets)\.([A-Z_]+)`)
	given     = regexp.MustCompile(`(?m)^ *([a-z-]+): \$\{\{ (vars|secrets)\.([A-Z_]+) \}\}$`)
)

// Who goes from one page to another finds the same variables and secrets there.
func TestVariablesAndSecretsHaveOneNameEverywhere(t *testing.T) {
	known := map[string]bool{}
	for _, s := range config.Settings {
		known["vars "+variableOf(s.Name)], known["secrets "+secretOf(s.Name)] = true, s.Type == config.Secret
	}
	texts := workflows(t)
	for _, name := range []string{"README.md", "docs/setup.md", "docs/workflows.md", "docs/fleet.md", "docs/reference.md"} {
		texts[filepath.Base(name)] = read(t, filepath.Join(root, name))
	}
	found := 0
	for name, text := range texts {
		for _, r := range reference.FindAllStringSubmatch(text, -1) {
			if !known[r[1]+" "+r[2]] {
				t.Errorf("%s: %s is not named after a setting", name, r[0])
			}
		}
		for _, g := range given.FindAllStringSubmatch(text, -1) {
			found++
			want := map[string]string{"vars": variableOf(g[1]), "secrets": secretOf(g[1])}[g[2]]
			if strings.HasPrefix(g[1], "SLIPWAY") || g[3] != want {
				t.Errorf("%s: %s is given %s.%s, and elsewhere %s", name, g[1], g[2], g[3], want)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d settings are given", found)
	}
}

// group is a concurrency group.
type group struct {
	Group  string
	Cancel *bool `yaml:"cancel-in-progress"`
	Queue  string
}

type grouped struct {
	Concurrency group
	Jobs        map[string]struct {
		Uses        string
		Concurrency group
		Environment yaml.Node
		Steps       []struct{ Uses string }
	}
}

// Two runs that change the same servers wait for each other, whichever page they
// were pasted from, and none is dropped or cancelled. A caller of a workflow that
// is in the group must not be in it itself: it would wait for its own end.
func TestChangesOfAnEnvironmentAreInOneGroup(t *testing.T) {
	found := 0
	for name, text := range workflows(t) {
		var w grouped
		if err := yaml.Load([]byte(text), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for id, job := range w.Jobs {
			in := job.Concurrency
			if in.Group == "" {
				in = w.Concurrency
			}
			if strings.HasPrefix(job.Uses, "apxr/slipway/.github/workflows/") && strings.HasPrefix(in.Group, "slipway-") {
				t.Errorf("%s: %s waits for the workflow that it calls", name, id)
			}
			verbs := changing(job.Steps)
			if len(verbs) == 0 {
				continue
			}
			found++
			if in.Cancel == nil || *in.Cancel || in.Queue != "max" {
				t.Errorf("%s: a run of %s can be cancelled or dropped: %+v", name, id, in)
			}
			want := "slipway-" + environment(job.Environment)
			if slices.Contains(verbs, config.Setup) {
				want = "slipway-production" // its own environment has its secrets
			}
			if in.Group != want {
				t.Errorf("%s: %s is in the group %q, and not in %q", name, id, in.Group, want)
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d jobs that change servers were found", found)
	}
}

// changing returns the verbs of a job's steps that change web servers.
func changing(steps []struct{ Uses string }) (verbs []config.Verb) {
	for _, step := range steps {
		for _, v := range config.Verbs {
			if v.Action != nil && v.Verb != config.BuildRelease && step.Uses == strings.TrimSuffix("apxr/slipway/"+v.Action.Folder, "/.")+"@v1" {
				verbs = append(verbs, v.Verb)
			}
		}
	}
	return verbs
}

// environment returns the name of a job's environment. A job without one is of a
// workflow that is in the group as a whole.
func environment(node yaml.Node) string {
	var named struct{ Name string }
	if node.Kind == yaml.ScalarNode {
		return node.Value
	}
	if err := node.Decode(&named); err != nil || named.Name == "" {
		return "${{ inputs.environment || 'production' }}"
	}
	return named.Name
}
