// Package config turns strings into typed, validated values and reports every
// mistake in them at once.
//
// It does not know where a string came from (an action's input, a flag, the
// environment): that is a [Lookup]. It dials nothing and reads no files.
package config

import "slices"

// Verb is one thing that Slipway does for a person or a workflow.
type Verb string

// The verbs, named as the actions and the command line name them.
const (
	BuildRelease   Verb = "build-release"
	Deploy         Verb = "deploy"
	Rollback       Verb = "rollback"
	BuildAndDeploy Verb = "build-and-deploy"
	Releases       Verb = "releases"  // command line only
	Artifacts      Verb = "artifacts" // command line only
)

// Type says how a setting is written and how the command line takes it.
type Type string

// The types of settings.
const (
	Text     Type = "text"     // one line
	Block    Type = "block"    // several lines; on the command line, a file: --NAME-file
	Secret   Type = "secret"   // like a block, and never shown
	Number   Type = "number"   // a whole number
	Duration Type = "duration" // such as 90s or 2m
	Switch   Type = "switch"   // true or false; on the command line the bare flag means true
)

// Setting is a row of the one table that action inputs, command-line flags and
// the reference are made from.
type Setting struct {
	Name    string
	Type    Type
	Default string
	Help    string
	Verbs   []Verb // which verbs use it
	Require []Verb // which of them cannot do without it
	FromRun bool   // a workflow run knows it by itself
	Remote  bool   // of use only where a server is not the machine itself
}

var (
	everyVerb = []Verb{BuildRelease, Deploy, Rollback, BuildAndDeploy, Releases, Artifacts}
	building  = []Verb{BuildRelease, BuildAndDeploy}
	deploying = []Verb{Deploy, BuildAndDeploy}
	changing  = []Verb{Deploy, BuildAndDeploy, Rollback}
	visiting  = []Verb{Deploy, BuildAndDeploy, Rollback, Releases}
	fetching  = []Verb{BuildRelease, Deploy, BuildAndDeploy, Artifacts}
)

// Settings is that table.
var Settings = []Setting{
	{
		Name: "app", Type: Text, Verbs: everyVerb, Require: everyVerb,
		Help: "Organization and application as ORG/APP, for example apxr/apxr_io. The application's name is also the release's and, unless set otherwise, the unit's.",
	},
	{
		Name: "build-host", Type: Text, Verbs: fetching, Require: fetching,
		Help: "The build server, as [user@]name[:port], or local for the machine that this runs on. The user is deploy unless named.",
	},
	{
		Name: "hosts", Type: Text, Verbs: visiting, Require: visiting,
		Help: "The web servers, each as [user@]name[:port], separated by commas, blanks or line breaks. The user is deploy unless named.",
	},
	{
		Name: "ssh-key", Type: Secret, Verbs: everyVerb, Require: everyVerb, Remote: true,
		Help: "The private key that logs in on the build server and the web servers, in OpenSSH or PEM format.",
	},
	{
		Name: "known-hosts", Type: Block, Verbs: everyVerb, Require: everyVerb, Remote: true,
		Help: "The host keys of all these servers, as lines of known_hosts. A server whose key is not here is never talked to.",
	},
	{
		Name: "repository", Type: Text, Verbs: building, Require: building, FromRun: true,
		Help: "The git repository, as an ssh or https URL that the build server can read. In a workflow the default is its own repository: over HTTPS if there is a git-token, over SSH otherwise.",
	},
	{
		Name: "revision", Type: Text, Verbs: building, Require: building, FromRun: true,
		Help: "What to build: a full commit ID, a branch or a tag. In a workflow the default is the workflow's own commit.",
	},
	{
		Name: "git-token", Type: Secret, Verbs: building,
		Help: "A token that may read the repository over HTTPS, such as the workflow's own github.token. It is offered to the repository's server alone, for submodules and dependencies too. It never touches the build server's disk.",
	},
	{
		Name: "deploy-keys", Type: Secret, Verbs: building,
		Help: "Private keys for git over SSH, one below the other. A key is for the repository whose URL stands in the line above it, without such a line for repository. They stay in this program's memory: the build server asks it for signatures over SSH agent forwarding. Without them the build server's user fetches with a key of its own.",
	},
	{
		Name: "forward-agent", Type: Switch, Default: "false", Verbs: building,
		Help: "Forward the SSH agent of the machine that this runs on (SSH_AUTH_SOCK) while git fetches, as ssh -A does. Whoever rules the build server can use all of its keys during that time; deploy-keys are safer.",
	},
	{
		Name: "git-known-hosts", Type: Block, Verbs: building,
		Help: "The host keys of git servers, as lines of known_hosts. Those of github.com are built in. A server that is neither here nor there must be in known_hosts of the build server's user.",
	},
	{
		Name: "project-dir", Type: Text, Default: ".", Verbs: building,
		Help: "The directory of mix.exs, from the repository's top.",
	},
	{
		Name: "mix-env", Type: Text, Default: "prod", Verbs: building,
		Help: "MIX_ENV of the build.",
	},
	{
		Name: "release", Type: Text, Verbs: building,
		Help: "The release in mix.exs, if it has several. The default is default_release, or the one that there is.",
	},
	{
		Name: "before-release", Type: Block, Verbs: building,
		Help: "Commands that run in the project's directory before the release is assembled, as a sh script that ends at the first error: npm ci --prefix assets, mix assets.deploy.",
	},
	{
		Name: "build-env", Type: Secret, Verbs: building,
		Help: "Variables of the build's environment, such as private Hex keys, as lines NAME=VALUE; a value of several lines as NAME<<END, its lines, and END. They reach the build through its environment alone, and their values are hidden in the log.",
	},
	{
		Name: "clean", Type: Switch, Default: "false", Verbs: building,
		Help: "Build from nothing: fetch and compile all dependencies again. Needed only if a build depends on something that is neither in the repository nor in mix.lock, .tool-versions or these settings.",
	},
	{
		Name: "wait-for-lock", Type: Duration, Default: "10m", Verbs: building,
		Help: "How long to wait for another build of the same application; 0s refuses at once.",
	},
	{
		Name: "keep-artifacts", Type: Number, Default: "10", Verbs: building,
		Help: "How many releases stay on the build server, at least 1.",
	},
	{
		Name: "keep-artifacts-for", Type: Duration, Default: "72h", Verbs: building,
		Help: "How long a release stays there in any case, so that a deploy that waits for an approval still finds it.",
	},
	{
		Name: "release-id", Type: Text, Verbs: []Verb{Deploy, Rollback}, Require: []Verb{Deploy},
		Help: "The release to deploy, as the build put it out; for a rollback the release to go back to, by default the one below the current one in the hosts' history.",
	},
	{
		Name: "deploy-to", Type: Text, Verbs: visiting,
		Help: "The application's directory on the web servers. The default is /opt/ORG/APP.",
	},
	{
		Name: "unit", Type: Text, Verbs: visiting,
		Help: "The systemd unit that runs the release. The default is APP.service.",
	},
	{
		Name: "health-url", Type: Text, Verbs: changing,
		Help: "An http URL as the web server itself sees it, such as http://127.0.0.1:4001/health, that answers 2xx when the application works. It is asked through the SSH connection. Without it the unit and its process are the only proof.",
	},
	{
		Name: "health-timeout", Type: Duration, Default: "60s", Verbs: changing,
		Help: "How long a started release may take until it is proved.",
	},
	{
		Name: "settle", Type: Duration, Default: "2s", Verbs: changing,
		Help: "How long a release that answers must go on running, without a restart, to count as proved.",
	},
	{
		Name: "keep-releases", Type: Number, Default: "5", Verbs: deploying,
		Help: "How many releases stay on each web server, at least 2.",
	},
}

// Of returns the settings of a verb in the table's order.
func Of(v Verb) []Setting {
	var own []Setting
	for _, s := range Settings {
		if slices.Contains(s.Verbs, v) {
			own = append(own, s)
		}
	}
	return own
}

// Required reports whether a verb cannot do without the setting.
func (s Setting) Required(v Verb) bool { return slices.Contains(s.Require, v) }

// Output is a row of the table of what a verb hands to later workflow steps.
type Output struct {
	Name  string
	Help  string
	Verbs []Verb
}

// Outputs is that table.
var Outputs = []Output{
	{"release-id", "The release that was built, deployed or gone back to.", []Verb{BuildRelease, Deploy, Rollback, BuildAndDeploy}},
	{"version", "The application's own version.", []Verb{BuildRelease, Deploy, Rollback, BuildAndDeploy}},
	{"revision", "The commit that the release was built from.", []Verb{BuildRelease, Deploy, Rollback, BuildAndDeploy}},
	{"previous-release-id", "What most hosts ran before; empty on a first deploy.", []Verb{Deploy, Rollback, BuildAndDeploy}},
}

// OutputsOf returns the outputs of a verb in the table's order.
func OutputsOf(v Verb) []Output {
	var own []Output
	for _, o := range Outputs {
		if slices.Contains(o.Verbs, v) {
			own = append(own, o)
		}
	}
	return own
}
