// Package reference generates the action.yml files, parts of the reusable workflows
// and docs/reference.md from the tables of verbs, settings and outputs. Its test compares the files with
// that; "go test ./internal/reference -update" writes them.
//
// It does not know what a verb or a setting does.
package reference

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/apxr/slipway/internal/config"
)

// Action describes an action.yml of this repository.
type Action struct {
	config.VerbInfo
	Path    string // path of the file from the top of the repository
	Compile string // command of the first step, relative to the action's folder
}

// Actions are the actions in the table of verbs.
var Actions = actions()

func actions() (all []Action) {
	for _, v := range config.Verbs {
		if v.Action == nil {
			continue
		}
		compile := "../compile.sh " + string(v.Verb)
		if v.Action.Folder == "." {
			compile = "actions/compile.sh " + string(v.Verb) + " ."
		}
		all = append(all, Action{v, path.Join(v.Action.Folder, "action.yml"), compile})
	}
	return all
}

// steps begins the two steps of an action. The first one builds the program and
// has no inputs: they would be in the environment of a compiler. The second one
// has them, and starts nothing but the program.
const steps = `runs:
  using: composite
  steps:
    - id: compile
      shell: bash
      run: exec "$GITHUB_ACTION_PATH"/%s
    - id: slipway
      shell: bash
      run: exec "$PROGRAM"
      env:
        PROGRAM: ${{ steps.compile.outputs.path }}
`

// YAML returns the action's file. It is a composite action. Inputs reach the
// program only through its environment. The program replaces the shell, so that
// it gets the runner's signals.
func (a Action) YAML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made from the tables in internal/config by: go test ./internal/reference -update\n")
	fmt.Fprintf(&b, "name: %q\ndescription: %q\nbranding:\n  icon: anchor\n  color: blue\n", a.Action.Name, a.Description)
	b.WriteString("inputs:\n")
	for _, s := range config.InputsOf(a.Verb) {
		fmt.Fprintf(&b, "  %s:\n    description: %q\n    required: %t\n", s.Name, s.Help, s.Required(a.Verb) && !s.FromRun && !s.Remote && !s.Optional(a.Verb))
		if given := cmp.Or(s.Default, s.Given); given != "" {
			fmt.Fprintf(&b, "    default: %q\n", given)
		}
	}
	b.WriteString("outputs:\n")
	for _, o := range config.OutputsOf(a.Verb) {
		fmt.Fprintf(&b, "  %s:\n    description: %q\n    value: ${{ steps.slipway.outputs.%s }}\n", o.Name, o.Help, o.Name)
	}
	fmt.Fprintf(&b, steps, a.Compile)
	for _, s := range config.InputsOf(a.Verb) {
		fmt.Fprintf(&b, "        INPUT_%s: ${{ inputs.%s }}\n", strings.ToUpper(s.Name), s.Name)
	}
	return b.String()
}

// Markdown returns docs/reference.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Reference\n\nMade from the tables in internal/config by `go test ./internal/reference -update`.\n\n")
	b.WriteString("An action takes a setting as the input of its name. The command line takes it as `--name value`, or from the environment as `SLIPWAY_NAME` in capitals with `_` for `-`. ")
	b.WriteString("Settings marked *file* hold several lines: on the command line they are named as files, `--name-file path` or `SLIPWAY_NAME_FILE`, so that no secret stands in an argument list; `env-file` has the word in its name already: `--env-file path` or `SLIPWAY_ENV_FILE`. A switch is on as `--name` alone. What stands in capitals below has no name there: it comes in this order, before or after the flags. ")
	b.WriteString("Without `--known-hosts-file` the command line uses `~/.ssh/known_hosts`, and without `--ssh-key-file` the agent of `SSH_AUTH_SOCK`.\n")
	b.WriteString("\nVariables that begin with `SLIPWAY_` and have no effect are named on stderr; they are no error. There is a note of a name that no setting has, with the one that was probably meant; of a setting that only the actions have; of an argument, which has no variable; ")
	b.WriteString("and of `SLIPWAY_DRY_RUN` or `SLIPWAY_CHECK` before a verb that has no such setting and changes servers all the same. A setting of another verb is not named: export those of an application once, for every verb. Names that begin with `SLIPWAY_LAB` belong to the test lab.\n")
	b.WriteString("\nWith `--format json` the command line prints a verb's outputs as one JSON object, with `_` for `-` in their names; a verb that lists prints its list. Of a run that failed before there was anything to tell it prints nothing.\n")
	for _, v := range config.Verbs {
		writeVerb(&b, v)
	}
	b.WriteString("\n## Reusable workflows\n\nThey take every input of the actions that they use, with the same meaning, and secrets as secrets. Without an input the variable of its row counts: that of the environment, of the repository or of the organization, in this order; the job that builds names no environment, and sees none of its variables and secrets. ")
	b.WriteString("A switch that is off counts as not given. `github-token` and `deployments` are missing: the run has a token, and GitHub records a deployment of a job that names its environment. See [workflows.md](workflows.md).\n")
	for _, w := range Workflows {
		w.writeWorkflow(&b)
	}
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | what was asked for is so |\n| 1 | it is not; the message and the table say what is where |\n| 2 | nothing was tried: a setting is missing or wrong |\n")
	b.WriteString("\n`console`, `eval` and `rpc` end with the exit status of the command on the host, once it has run. What a signal ended has 128 and its number: 130 after Ctrl-C, but 0 for `logs`, which is left in that way.\n")
	return b.String()
}

func writeVerb(b *strings.Builder, v config.VerbInfo) {
	fmt.Fprintf(b, "\n## %s\n\n", v.Verb)
	if v.Action == nil {
		fmt.Fprintf(b, "%s Command line only: `%s`.\n\n", v.Description, call(v.Verb))
		writeSettings(b, v.Verb)
		return
	}
	fmt.Fprintf(b, "%s\n\nAction: `%s`. Command line: `%s`.\n\n", v.Description, uses(v.Action.Folder), call(v.Verb))
	writeSettings(b, v.Verb)
	b.WriteString("\n| output | meaning |\n|---|---|\n")
	for _, o := range config.OutputsOf(v.Verb) {
		fmt.Fprintf(b, "| `%s` | %s |\n", o.Name, o.Help)
	}
}

// call returns how to call a verb, with its arguments that have no flag.
func call(v config.Verb) string {
	words := "slipway " + string(v)
	for _, s := range config.PlacesOf(v) {
		words += " " + strings.ToUpper(s.Name)
	}
	return words
}

// uses returns the text that a workflow's step needs to use an action.
func uses(folder string) string { return path.Join("apxr/slipway", folder) + "@v1" }

func writeSettings(b *strings.Builder, v config.Verb) {
	b.WriteString("| setting | needed | default | meaning |\n|---|---|---|---|\n")
	for _, s := range config.Of(v) {
		needed := ""
		if s.Required(v) && !s.Remote {
			needed = "yes"
		}
		switch {
		case s.Required(v) && s.Optional(v):
			needed = "or `" + s.Unless + "`"
		case s.FromRun:
			needed = "command line only"
		case s.InRun:
			needed = "action only"
		}
		name := "`" + s.Name + "`"
		if s.Place > 0 {
			name = "`" + strings.ToUpper(s.Name) + "`"
		}
		if !s.InRun && s.Place == 0 && (s.Type == config.Secret || s.Type == config.Block) {
			name += " *file*"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, needed, cmp.Or(s.Default, s.Given), s.Help)
	}
}
