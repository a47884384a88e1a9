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
	Releases       Verb = "releases" // command line only
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
}

var (
	everyVerb = []Verb{BuildRelease, Deploy, Rollback, BuildAndDeploy, Releases}
	building  = []Verb{BuildRelease, BuildAndDeploy}
	deploying = []Verb{Deploy, BuildAndDeploy}
	changing  = []Verb{Deploy, BuildAndDeploy, Rollback}
	visiting  = []Verb{Deploy, BuildAndDeploy, Rollback, Releases}
	fetching  = []Verb{BuildRelease, Deploy, BuildAndDeploy}
)

// Settings is that table.
var Settings = []Setting{
	{
		Name: "app", Type: Text, Verbs: everyVerb, Require: everyVerb,
		Help: "Organization and application as ORG/APP, for example apxr/apxr_io. The application's name is also the release's and, unless set otherwise, the unit's.",
	},
	{
		Name: "build-host", Type: Text, Verbs: fetching, Require: fetching,
		Help: "The build server, as [user@]name[:port]. The user is deploy unless named.",
	},
	{
		Name: "hosts", Type: Text, Verbs: visiting, Require: visiting,
		Help: "The web servers, each as [user@]name[:port], separated by commas, blanks or line breaks. The user is deploy unless named.",
	},
	{
		Name: "ssh-key", Type: Secret, Verbs: everyVerb, Require: everyVerb,
		Help: "The private key that logs in on the build server and the web servers, in OpenSSH or PEM format.",
	},
	{
		Name: "known-hosts", Type: Block, Verbs: everyVerb, Require: everyVerb,
		Help: "The host keys of all these servers, as lines of known_hosts. A server whose key is not here is never talked to.",
	},
	{
		Name: "repository", Type: Text, Verbs: building, Require: building, FromRun: true,
		Help: "The git repository, as an ssh or https URL that the build server can read. In a workflow the default is its own repository, over SSH.",
	},
	{
		Name: "revision", Type: Text, Verbs: building, Require: building, FromRun: true,
		Help: "The commit to build, as a full commit ID. In a workflow the default is the workflow's own commit.",
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
