// Package reference writes down what the tables of settings and outputs say:
// the action.yml files and docs/reference.md. Its test holds the files against
// it; "go test ./internal/reference -update" writes them.
//
// It does not know what a setting does.
package reference

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/config"
)

// Action is an action.yml of this repository.
type Action struct {
	Verb        config.Verb
	Path        string // of the file, from the repository's top
	Name        string
	Description string
	Launch      string // the step's command, below the action's folder
}

// Actions lists them.
var Actions = []Action{
	{
		config.BuildAndDeploy, "action.yml", "Slipway: build and deploy an Elixir release",
		"Builds a commit on your build server and makes your web servers run it, in one step.",
		"actions/launch.sh build-and-deploy .",
	},
	{
		config.BuildRelease, "actions/build-release/action.yml", "Slipway: build release",
		"Builds a commit on your build server and keeps the release there under its release ID.",
		"../launch.sh build-release",
	},
	{
		config.Deploy, "actions/deploy/action.yml", "Slipway: deploy",
		"Makes your web servers run a release that was built, and puts the old one back if it does not work.",
		"../launch.sh deploy",
	},
	{
		config.Rollback, "actions/rollback/action.yml", "Slipway: rollback",
		"Makes your web servers run the release before, or the one that you name.",
		"../launch.sh rollback",
	},
	{
		config.Stage, "actions/stage/action.yml", "Slipway: stage",
		"Puts a release that was built on your web servers and switches nothing: the first part of a deploy in parts.",
		"../launch.sh stage",
	},
	{
		config.Activate, "actions/activate/action.yml", "Slipway: activate",
		"Makes your web servers run a release that was staged there, and puts the old one back if it does not work.",
		"../launch.sh activate",
	},
	{
		config.Revert, "actions/revert/action.yml", "Slipway: revert",
		"Takes a release back that was activated on a part of a fleet, because another part failed.",
		"../launch.sh revert",
	},
	{
		config.Setup, "actions/setup/action.yml", "Slipway: setup",
		"Prepares your servers by Ansible: users, directories, units, sudo rules. What is ready stays as it is.",
		"../launch.sh setup",
	},
}

// byHand are the verbs that no action has.
var byHand = []struct {
	verb config.Verb
	what string
}{
	{config.Releases, "Lists what the servers have and run."},
	{config.History, "Lists what was changed on the servers, when, and by whom."},
	{config.Artifacts, "Lists what the build server keeps."},
	{config.Console, "Opens the remote console of the running node on your terminal: Ctrl-C twice leaves it, and the node goes on."},
	{config.Eval, "Evaluates an expression in a new VM of the current release, with the environment of its unit. stdout is what it prints, and nothing else."},
	{config.RPC, "Evaluates an expression in the running node. stdout is what it prints, and nothing else. What Ctrl-C ends is the waiting: a call that the node has begun may go on there."},
	{config.Logs, "Shows the last 100 lines of a unit log and what comes next, until Ctrl-C. On a terminal, control characters in it are shown as \\x1b."},
}

// YAML is the action's file. It is a composite action: inputs reach the program
// through its environment alone, and the program replaces the shell, so that it
// gets the runner's signals.
func (a Action) YAML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made from internal/config/settings.go by: go test ./internal/reference -update\n")
	fmt.Fprintf(&b, "name: %q\ndescription: %q\nbranding:\n  icon: anchor\n  color: blue\n", a.Name, a.Description)
	b.WriteString("inputs:\n")
	for _, s := range config.Of(a.Verb) {
		fmt.Fprintf(&b, "  %s:\n    description: %q\n    required: %t\n", s.Name, s.Help, s.Required(a.Verb) && !s.FromRun && !s.Remote && !s.Optional(a.Verb))
		if given := cmp.Or(s.Default, s.Given); given != "" {
			fmt.Fprintf(&b, "    default: %q\n", given)
		}
	}
	b.WriteString("outputs:\n")
	for _, o := range config.OutputsOf(a.Verb) {
		fmt.Fprintf(&b, "  %s:\n    description: %q\n    value: ${{ steps.slipway.outputs.%s }}\n", o.Name, o.Help, o.Name)
	}
	fmt.Fprintf(&b, "runs:\n  using: composite\n  steps:\n    - id: slipway\n      shell: bash\n      run: exec \"$GITHUB_ACTION_PATH\"/%s\n      env:\n", a.Launch)
	for _, s := range config.Of(a.Verb) {
		fmt.Fprintf(&b, "        INPUT_%s: ${{ inputs.%s }}\n", strings.ToUpper(s.Name), s.Name)
	}
	return b.String()
}

// Markdown is docs/reference.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Reference\n\nMade from internal/config/settings.go by `go test ./internal/reference -update`.\n\n")
	b.WriteString("An action takes a setting as the input of its name. The command line takes it as `--name value`, or from the environment as `SLIPWAY_NAME` in capitals with `_` for `-`. ")
	b.WriteString("Settings marked *file* hold several lines: on the command line they are named as files, `--name-file path` or `SLIPWAY_NAME_FILE`, so that no secret stands in an argument list; `env-file` has the word in its name already: `--env-file path` or `SLIPWAY_ENV_FILE`. A switch is on as `--name` alone. What stands in capitals below has no name there: it comes in this order, before or after the flags. ")
	b.WriteString("Without `--known-hosts-file` the command line uses `~/.ssh/known_hosts`, and without `--ssh-key-file` the agent of `SSH_AUTH_SOCK`.\n")
	for _, a := range Actions {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\nAction: `%s`. Command line: `slipway %s`.\n\n", a.Verb, a.Description, uses(a), a.Verb)
		writeSettings(&b, a.Verb)
		b.WriteString("\n| output | meaning |\n|---|---|\n")
		for _, o := range config.OutputsOf(a.Verb) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", o.Name, o.Help)
		}
	}
	for _, v := range byHand {
		fmt.Fprintf(&b, "\n## %s\n\n%s Command line only: `%s`.\n\n", v.verb, v.what, call(v.verb))
		writeSettings(&b, v.verb)
	}
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n| 0 | what was asked for is so |\n| 1 | it is not; the message and the table say what is where |\n| 2 | nothing was tried: a setting is missing or wrong |\n")
	b.WriteString("\n`console`, `eval` and `rpc` end with the exit status of the command on the host, once it has run. What a signal ended has 128 and its number: 130 after Ctrl-C, but 0 for `logs`, which is left in that way.\n")
	return b.String()
}

// call is how a verb is called, with what stands there without a name.
func call(v config.Verb) string {
	words := "slipway " + string(v)
	for _, s := range config.PlacesOf(v) {
		words += " " + strings.ToUpper(s.Name)
	}
	return words
}

func uses(a Action) string {
	folder := strings.TrimSuffix(strings.TrimSuffix(a.Path, "action.yml"), "/")
	if folder != "" {
		folder = "/" + folder
	}
	return "apxr/slipway" + folder + "@v1"
}

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
