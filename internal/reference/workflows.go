package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/config"
)

// Workflow is a reusable workflow of this repository. Parts of its file are made
// from the tables: its inputs, secrets and outputs, and what its steps pass on.
type Workflow struct {
	Path  string
	Verbs []config.Verb // the actions that it uses; it has the outputs of the last one
	About string
}

// Workflows are the reusable workflows that take every input of their actions.
var Workflows = []Workflow{
	{
		".github/workflows/deploy.yml",
		[]config.Verb{config.BuildRelease, config.Deploy},
		"Builds the commit of the run and deploys it, or deploys what was built before (`release-id`).",
	},
	{
		".github/workflows/rollback.yml",
		[]config.Verb{config.Rollback},
		"Goes back to the release before, or to the one that is named.",
	},
}

// withheld are the inputs of actions that the workflows do not take, and why.
var withheld = map[string]string{
	"github-token": "the run has a token of its own",
	"deployments":  "the job names its environment, so GitHub records the deployment by itself",
}

// given are the inputs of a workflow, in the order of the table.
func (w Workflow) given() (all []config.Setting) {
	for _, s := range config.Settings {
		if withheld[s.Name] == "" && slices.ContainsFunc(w.Verbs, func(v config.Verb) bool { return takes(v, s.Name) }) {
			all = append(all, s)
		}
	}
	return all
}

func takes(v config.Verb, name string) bool {
	return slices.ContainsFunc(config.InputsOf(v), func(s config.Setting) bool { return s.Name == name })
}

// secretName returns the name of a workflow's secret. Those of the deploy key have
// the project's name in theirs: an organization may have other keys.
func secretName(s config.Setting) string {
	name := capitals(s.Name)
	if strings.HasPrefix(s.Name, "ssh-") {
		return "SLIPWAY_" + name
	}
	return name
}

// variable returns the variable that stands in for an input; empty: none.
func variable(s config.Setting) string {
	if s.OneRun || s.InRun || s.Type == config.Secret {
		return ""
	}
	return "SLIPWAY_" + capitals(s.Name)
}

func capitals(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// expressions are the values that an input of an action does not get by the rule.
var expressions = map[string]string{
	"hosts":          "inputs.hosts || (inputs.inventory == '' && vars.SLIPWAY_HOSTS) || ''",
	"vault-password": "inputs.inventory != '' && secrets.VAULT_PASSWORD || ''",
	"git-token":      "secrets.GIT_TOKEN || (inputs.repository == '' && vars.SLIPWAY_REPOSITORY == '' && secrets.DEPLOY_KEYS == '' && github.token) || ''",
}

// expression returns what a workflow passes to an input of an action. The release
// to deploy may be that of its own build.
func (w Workflow) expression(s config.Setting, v config.Verb) string {
	own, special := expressions[s.Name]
	built := v == config.Deploy && slices.Contains(w.Verbs, config.BuildRelease) && strings.HasPrefix(s.Name, "release-")
	switch {
	case special:
		return own
	case s.Type == config.Secret:
		return "secrets." + secretName(s)
	case built:
		return fmt.Sprintf("inputs.%s || needs.build.outputs.%s", s.Name, s.Name)
	case variable(s) != "":
		return fmt.Sprintf("inputs.%s || vars.%s", s.Name, variable(s))
	}
	return "inputs." + s.Name
}

// Marks of the lines between which a part is made.
const (
	opening = "# >>> made by go test ./internal/reference -update: "
	closing = "# <<<"
)

// Fill returns the file with all parts made anew.
func (w Workflow) Fill(file string) string {
	var b strings.Builder
	making := false
	for line := range strings.Lines(file) {
		text := strings.TrimSpace(line)
		if making = making && text != closing; making {
			continue
		}
		b.WriteString(line)
		if part, found := strings.CutPrefix(text, opening); found {
			indent := line[:strings.Index(line, opening)]
			for made := range strings.Lines(w.part(part)) {
				b.WriteString(indent + made)
			}
			making = true
		}
	}
	return b.String()
}

// part returns the lines of a part.
func (w Workflow) part(name string) string {
	last := w.Verbs[len(w.Verbs)-1]
	var b strings.Builder
	switch verb, found := config.VerbNamed(name); {
	case found:
		for _, s := range config.InputsOf(verb) {
			if withheld[s.Name] == "" {
				fmt.Fprintf(&b, "%s: ${{ %s }}\n", s.Name, w.expression(s, verb))
			}
		}
	case name == "inputs":
		w.writeInputs(&b)
	case name == "secrets":
		for _, s := range w.given() {
			if s.Type == config.Secret {
				fmt.Fprintf(&b, "%s:\n  description: %q\n", secretName(s), s.Help)
			}
		}
	case name == "outputs":
		for _, o := range config.OutputsOf(last) {
			fmt.Fprintf(&b, "%s:\n  description: %q\n  value: ${{ jobs.%s.outputs.%s }}\n", o.Name, o.Help, last, o.Name)
		}
	case name == "outputs of the job":
		for _, o := range config.OutputsOf(last) {
			fmt.Fprintf(&b, "%s: ${{ steps.%s.outputs.%s }}\n", o.Name, last, o.Name)
		}
	}
	return b.String()
}

// writeInputs writes the inputs. Only switches have a default, since an input with
// one would win over its variable; and the environment, which the job names.
func (w Workflow) writeInputs(b *strings.Builder) {
	for _, s := range w.given() {
		if s.Type == config.Secret {
			continue
		}
		fmt.Fprintf(b, "%s:\n  description: %q\n", s.Name, s.Help)
		switch {
		case s.Type == config.Switch:
			fmt.Fprintf(b, "  type: boolean\n  default: %s\n", s.Default)
		case s.Name == "environment":
			fmt.Fprintf(b, "  type: string\n  default: %s\n", s.Default)
		default:
			b.WriteString("  type: string\n")
		}
	}
}

// writeWorkflow writes the section of a workflow in the reference.
func (w Workflow) writeWorkflow(b *strings.Builder) {
	name := w.Path[strings.LastIndex(w.Path, "/")+1:]
	fmt.Fprintf(b, "\n### %s\n\n%s `uses: apxr/slipway/%s@v1`. The outputs are those of [%s](#%s).\n\n", name, w.About, w.Path, w.Verbs[len(w.Verbs)-1], w.Verbs[len(w.Verbs)-1])
	b.WriteString("| input or secret | variable | for |\n|---|---|---|\n")
	for _, s := range w.given() {
		var verbs []string
		for _, v := range w.Verbs {
			if takes(v, s.Name) {
				verbs = append(verbs, fmt.Sprintf("[%s](#%s)", v, v))
			}
		}
		input, instead := "`"+s.Name+"`", ""
		if s.Type == config.Secret {
			input = "secret `" + secretName(s) + "`"
		} else if variable(s) != "" {
			instead = "`" + variable(s) + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", input, instead, strings.Join(verbs, ", "))
	}
}
