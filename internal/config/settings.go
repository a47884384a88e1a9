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
	History        Verb = "history"   // command line only
	Artifacts      Verb = "artifacts" // command line only
	Setup          Verb = "setup"     // prepares servers, by Ansible
)

// The phases of a deploy as verbs of their own, for fleets past one runner.
const (
	Stage    Verb = "stage"    // everything before the first switch
	Activate Verb = "activate" // switch to what was staged
	Revert   Verb = "revert"   // take an activation back, because another part of the fleet failed
)

// What lets a person look inside of what runs on one server; command line only.
const (
	Console Verb = "console" // the running node's remote console, on a terminal
	Eval    Verb = "eval"    // an expression in a new VM of the current release
	RPC     Verb = "rpc"     // an expression in the running node
	Logs    Verb = "logs"    // a unit log
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
	Unless  string // the setting that stands in for it, where a verb has that
	FromRun bool   // a workflow run knows it by itself
	InRun   bool   // of use in a workflow run only: the command line has no flag
	Given   string // what a workflow gives unless told otherwise, as an expression; InRun
	Remote  bool   // of use only where a server is not the machine itself
	Place   int    // stands on the command line without a name, as the argument of this number; 0: as a flag
}

var (
	everyVerb  = append(slices.Clone(releasing), Setup)
	releasing  = []Verb{BuildRelease, Deploy, Rollback, BuildAndDeploy, Stage, Activate, Revert, Releases, History, Artifacts, Console, Eval, RPC, Logs}
	preparing  = []Verb{Setup}
	building   = []Verb{BuildRelease, BuildAndDeploy}
	sending    = []Verb{Deploy, BuildAndDeploy, Stage}
	activating = []Verb{Deploy, BuildAndDeploy, Activate}
	changing   = []Verb{Deploy, BuildAndDeploy, Rollback, Stage, Activate, Revert}
	switching  = []Verb{Deploy, BuildAndDeploy, Rollback, Activate, Revert}
	phases     = []Verb{Stage, Activate, Revert}
	visiting   = []Verb{Deploy, BuildAndDeploy, Rollback, Stage, Activate, Revert, Releases, History}
	locking    = []Verb{BuildRelease, Deploy, BuildAndDeploy, Rollback, Stage, Activate, Revert}
	fetching   = []Verb{BuildRelease, Deploy, BuildAndDeploy, Stage, Artifacts}
	announcing = []Verb{Deploy, BuildAndDeploy, Rollback, Activate, Revert}
	listing    = []Verb{Releases, History, Artifacts}
	inside     = []Verb{Console, Eval, RPC, Logs}
	evaluating = []Verb{Eval, RPC}
	beside     = []Verb{Console, Eval, RPC} // that need the release itself
)

// Settings is that table.
var Settings = []Setting{
	{
		Name: "app", Type: Text, Verbs: everyVerb, Require: everyVerb,
		Help: "Organization and application as ORG/APP, for example apxr/apxr_io. The application's name is also the release's and, unless set otherwise, the systemd unit's.",
	},
	{
		Name: "build-host", Type: Text, Verbs: append(slices.Clone(fetching), Rollback, Setup), Require: fetching, Unless: "inventory",
		Help: "The build server, as [user@]name[:port], or local for the machine that this runs on. The user is deploy unless named. A rollback can do without it: web servers that do not have the release any more get it from there, if it can be reached. With an inventory the default is the one host of its group build-servers.",
	},
	{
		Name: "hosts", Type: Text, Verbs: append(slices.Clone(visiting), Setup), Require: visiting, Unless: "inventory",
		Help: "The web servers, each as [user@]name[:port], or local for the machine that this runs on; separated by commas, blanks or line breaks. The user is deploy unless named. Give these or an inventory.",
	},
	{
		Name: "host", Type: Text, Place: 1, Verbs: inside, Require: inside,
		Help: "The web server, as [user@]name[:port], or local for the machine that this runs on. The user is deploy unless named.",
	},
	{
		Name: "expression", Type: Block, Place: 2, Verbs: evaluating, Require: evaluating,
		Help: "What is evaluated, in Elixir, as the release's own eval and rpc take it. - reads it from stdin; so does leaving it out, where stdin is no terminal. On the host it stands in the process list while it runs: keep secrets out of it.",
	},
	{
		Name: "unit", Type: Text, Verbs: []Verb{Logs},
		Help: "The systemd unit whose log is shown: one for each command, as the sudo rules have it. The default is the first one of units.",
	},
	{
		Name: "follow", Type: Switch, Default: "true", Verbs: []Verb{Logs},
		Help: "Go on with what the unit logs from now on, until Ctrl-C. --follow=false ends after the last 100 lines.",
	},
	{
		Name: "inventory", Type: Text, Verbs: append(slices.Clone(visiting), Setup),
		Help: "The path of an Ansible inventory that has the web servers, instead of hosts. It is read by ansible-inventory on the machine that this runs on: names from ansible_host, ports from ansible_port, the user from slipway_deploy_user; a host with ansible_connection: local is that machine.",
	},
	{
		Name: "inventory-group", Type: Text, Default: "web-servers", Verbs: append(slices.Clone(visiting), Setup),
		Help: "The group of the inventory that has the web servers, with its child groups.",
	},
	{
		Name: "vault-password", Type: Secret, Verbs: append(slices.Clone(visiting), Setup),
		Help: "The Ansible Vault password of the inventory, if parts of it are encrypted.",
	},
	{
		Name: "ssh-key", Type: Secret, Verbs: releasing,
		Help: "The private key that logs in on the build server, the web servers and the jump hosts, in OpenSSH or PEM format. It is needed unless there is an SSH agent, or all servers are local.",
	},
	{
		Name: "ssh-passphrase", Type: Secret, Verbs: releasing,
		Help: "The passphrase of ssh-key.",
	},
	{
		Name: "ssh-certificate", Type: Block, Verbs: releasing,
		Help: "The certificate of ssh-key, or of a key of the SSH agent: what ssh-keygen -s wrote, KEY-cert.pub.",
	},
	{
		Name: "setup-user", Type: Text, Default: "root", Verbs: preparing,
		Help: "Who logs in on the servers to set them up, unless the inventory says so (ansible_user). Another user than root becomes root by sudo, which must not ask for a password.",
	},
	{
		Name: "setup-key", Type: Secret, Verbs: preparing,
		Help: "The private key of setup-user, for the servers and the jump hosts, in OpenSSH or PEM format. Not the deploy key: that one must not become root. It is needed unless there is an SSH agent, or all servers are local.",
	},
	{
		Name: "setup-passphrase", Type: Secret, Verbs: preparing,
		Help: "The passphrase of setup-key.",
	},
	{
		Name: "setup-certificate", Type: Block, Verbs: preparing,
		Help: "The certificate of setup-key, or of a key of the SSH agent: what ssh-keygen -s wrote, KEY-cert.pub.",
	},
	{
		Name: "setup-vars", Type: Secret, Verbs: preparing,
		Help: "Variables of the setup as a YAML mapping, slipway_NAME: value. They stand above those of the inventory; without one they are all that there is.",
	},
	{
		Name: "check", Type: Switch, Default: "false", Verbs: preparing,
		Help: "Change nothing, and show what would be changed.",
	},
	{
		Name: "ssh-agent", Type: Text, Verbs: everyVerb,
		Help: "The socket of an SSH agent, used when no private key is given. The default is $SSH_AUTH_SOCK.",
	},
	{
		Name: "known-hosts", Type: Block, Verbs: everyVerb, Require: everyVerb, Remote: true,
		Help: "The host keys of all these servers, as lines of known_hosts. A server whose key is not here is never talked to.",
	},
	{
		Name: "jump-hosts", Type: Text, Verbs: everyVerb,
		Help: "The servers through which all others are reached, each as [user@]name[:port], in the order in which they are passed.",
	},
	{
		Name: "verbose", Type: Number, Default: "0", Verbs: everyVerb,
		Help: "For trouble, 0 to 2: 1 shows how each SSH connection came about, 2 also every script that runs on any server, its arguments and the facts that it found. For setup, 1 and 2 are -v and -vvv of ansible-playbook. A workflow run with debug logging (RUNNER_DEBUG) has 2, whatever is set here.",
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
		Name: "wait-for-lock", Type: Duration, Default: "10m", Verbs: locking,
		Help: "How long to wait for another run that builds the same application, or changes it on one of the web servers; who that is, since when and from which run is shown. 0s refuses at once.",
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
		Name: "release-id", Type: Text, Verbs: []Verb{Deploy, Rollback, Stage, Activate}, Require: []Verb{Deploy, Stage, Activate},
		Help: "The release to deploy, as the build put it out; for a rollback the release to go back to, by default the one below the current one in the hosts' history.",
	},
	{
		Name: "expect-current", Type: Text, Verbs: []Verb{Activate, Revert}, Require: []Verb{Revert},
		Help: "For activate, the release that every web server has to run before (none: nothing); by default what it ran when the release was staged there. For revert, the release that is to be taken back: web servers that run another one stay as they are.",
	},
	{
		Name: "shard", Type: Text, Verbs: phases,
		Help: "Which part of hosts this run is for, as K/N: the K-th of N parts of about the same size, in the order of the list. Without it, all of them.",
	},
	{
		Name: "max-parallel", Type: Text, Default: "1", Verbs: switching,
		Help: "How many web servers are switched and proved at the same time, as a number or as a percentage of them, such as 25%. A deploy switches and proves the first one alone.",
	},
	{
		Name: "batch-pause", Type: Duration, Default: "0s", Verbs: switching,
		Help: "How long to wait after each batch of web servers before the next one.",
	},
	{
		Name: "max-failures", Type: Number, Default: "0", Verbs: []Verb{Deploy, BuildAndDeploy, Stage, Activate},
		Help: "How many web servers may stay on what they ran, because they cannot be reached or fail, while the others get the release. The run then ends well, with the result partial. The first one that is switched must not fail. By default one that fails takes all back.",
	},
	{
		Name: "deploy-to", Type: Text, Verbs: append(slices.Clone(visiting), beside...),
		Help: "The application's directory on the web servers. The default is /opt/ORG/APP.",
	},
	{
		Name: "units", Type: Text, Verbs: append(slices.Clone(visiting), inside...),
		Help: "The systemd units that run the release, in the order in which they are restarted, separated by commas or blanks. The default is APP.service.",
	},
	{
		Name: "restart-flag", Type: Text, Verbs: changing,
		Help: "A file whose change makes the host restart the units: a systemd path unit watches it, and the deploy user needs no sudo. Without this and restart-command the units are restarted by sudo systemctl.",
	},
	{
		Name: "restart-command", Type: Block, Verbs: changing,
		Help: "What restarts the units instead of sudo systemctl: a command line or a sh script that the deploy user runs on the host.",
	},
	{
		Name: "env-file", Type: Secret, Verbs: activating,
		Help: "The environment of the application as lines NAME=VALUE, delivered with the release, switched and rolled back with it. A value is literal to the end of its line, less the quotes around it; one of several lines is NAME<<END, its lines, and END. Without this setting the host keeps the environment that the running release has; one without a variable (a comment only) takes it away.",
	},
	{
		Name: "before-activate-once", Type: Block, Verbs: activating,
		Help: "Commands that run once for all web servers, such as migrations: on the first one that is to be switched, when the release is complete on every one and none is switched yet. If they fail nothing is switched. They run as those of before-activate do: bin/apxr_io eval 'ApxrIo.Release.migrate()'.",
	},
	{
		Name: "migrate", Type: Switch, Default: "false", Verbs: activating,
		Help: "Migrate, once for all web servers, after before-activate-once and in the same way: the unit APP-migrate.service, which the setup phase makes of slipway_migrate_command, is started on the first one. It has the new release's code, the units' environment and the application's user.",
	},
	{
		Name: "before-activate", Type: Block, Verbs: activating,
		Help: "Commands that run on each host before the switch, while the old release still runs; if they fail nothing is switched. They are a sh script that ends at the first error, run as the deploy user in the new release's directory with the delivered environment.",
	},
	{
		Name: "after-activate", Type: Block, Verbs: activating,
		Help: "Commands that run in the same way once the release is proved; if they fail everything goes back.",
	},
	{
		Name: "health-url", Type: Text, Verbs: changing,
		Help: "An http or https URL on the web server itself, such as http://127.0.0.1:4001/health, that answers as health-status and health-body say when the application works. It is asked through the SSH connection. Without it the units, their processes and the ports are the only proof.",
	},
	{
		Name: "health-server-name", Type: Text, Verbs: changing,
		Help: "The DNS name in the certificate that an https health-url answers with. It is also sent as the Host header. The default is the URL's host.",
	},
	{
		Name: "health-status", Type: Text, Default: "200-299", Verbs: changing,
		Help: "Which statuses of health-url are healthy, such as 200,204,300-399.",
	},
	{
		Name: "health-body", Type: Text, Verbs: changing,
		Help: "A regular expression (RE2) that the body of health-url's answer has to match.",
	},
	{
		Name: "ports", Type: Text, Verbs: changing,
		Help: "TCP ports that something has to listen on, on the web server, once the release runs: 4001, 4002.",
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
		Name: "keep-releases", Type: Number, Default: "5", Verbs: activating,
		Help: "How many releases stay on each web server, at least 2.",
	},
	{
		Name: "force", Type: Switch, Default: "false", Verbs: sending,
		Help: "Deploy a revision although what runs is newer, or a rollback marked it as bad.",
	},
	{
		Name: "dry-run", Type: Switch, Default: "false", Verbs: []Verb{Deploy, Rollback},
		Help: "Print what would be done and what is found on the hosts, and change nothing.",
	},
	{
		Name: "environment", Type: Text, Default: "production", Verbs: announcing, InRun: true,
		Help: "What the pull request comments, the job summary and the deployments call these web servers: the job's GitHub environment, if it has one.",
	},
	{
		Name: "comment", Type: Switch, Default: "true", Verbs: announcing, InRun: true,
		Help: "Keep one comment on each pull request whose changes begin to run there, or run no longer. The job needs the permissions contents: read and pull-requests: write. That a comment fails makes no run red.",
	},
	{
		Name: "deployments", Type: Switch, Default: "false", Verbs: announcing, InRun: true,
		Help: "Record the deploy or rollback through GitHub's Deployments API. The job needs the permission deployments: write. A job that names an environment has GitHub record it already: leave this off there.",
	},
	{
		Name: "environment-url", Type: Text, Verbs: announcing, InRun: true,
		Help: "Where people find what was deployed, an http or https URL: comments and deployments link to it.",
	},
	{
		Name: "rollback-workflow", Type: Text, Default: "rollback.yml", Verbs: announcing, InRun: true,
		Help: "The file name of the workflow that rolls back, in .github/workflows: summary and comments link to it. none: there is none.",
	},
	{
		Name: "github-token", Type: Secret, Verbs: announcing, InRun: true, Given: "${{ github.token }}",
		Help: "The token for comments and deployments. The default is the workflow's own.",
	},
	{
		Name: "format", Type: Text, Default: "text", Verbs: listing,
		Help: "text for people, or json for programs.",
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

// FlagsOf returns those of them that the command line has.
func FlagsOf(v Verb) []Setting {
	return slices.DeleteFunc(Of(v), func(s Setting) bool { return s.InRun || s.Place > 0 })
}

// PlacesOf returns those that stand there without a name, in their order.
func PlacesOf(v Verb) []Setting {
	return slices.DeleteFunc(Of(v), func(s Setting) bool { return s.Place == 0 })
}

// Required reports whether a verb cannot do without the setting.
func (s Setting) Required(v Verb) bool { return slices.Contains(s.Require, v) }

// Optional reports whether another setting of the verb can stand in for it.
func (s Setting) Optional(v Verb) bool {
	return slices.ContainsFunc(Of(v), func(other Setting) bool { return other.Name == s.Unless })
}

// Output is a row of the table of what a verb hands to later workflow steps.
type Output struct {
	Name  string
	Help  string
	Verbs []Verb
}

// Outputs is that table.
var Outputs = []Output{
	{"release-id", "The release that was built, deployed, taken back or gone back to.", locking},
	{"version", "The application's own version.", locking},
	{"revision", "The commit that the release was built from.", locking},
	{"previous-release-id", "What most hosts ran before; empty on a first deploy.", changing},
	{"result", "What became of it: live, partial (max-failures allowed some to fail), unchanged, superseded, dry-run, staged, reverted; failed, for steps that run all the same (if: failure()).", changing},
	{"result", "What became of it: ready (nothing had to be changed), changed, check (something would be changed); failed, for steps that run all the same (if: failure()).", preparing},
	{"changed", "The number of changes that were made, or that a check would make.", preparing},
	{"hosts", "What became of each server, also in a run that failed: a JSON list of objects with host, outcome (ready, changed, would-change, failed, not-reached, not-finished) and changed, the number of its changes.", preparing},
	{"hosts", "What became of each web server, also in a run that failed: a JSON list of objects with host, outcome (live, unchanged, staged, put-back, not-changed, not-reached, failed), before, now (release IDs, or empty) and seconds.", changing},
	{"pull-requests", "The numbers of the pull requests that have a comment of this run, as a JSON list.", announcing},
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
