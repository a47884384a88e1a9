// Package config turns strings into typed, validated values and reports all
// mistakes in them at once.
//
// It does not know whether a string came from an action's input, a flag or the
// environment: a [Lookup] hides that. It makes no connections and reads no
// files.
package config

import "slices"

// Type says how a setting is written and how the command line accepts it.
type Type string

// The types of settings.
const (
	Text     Type = "text"     // one line
	Block    Type = "block"    // several lines; on the command line, a file: --NAME-file
	Secret   Type = "secret"   // like a block, but never shown
	Number   Type = "number"   // a whole number
	Duration Type = "duration" // such as 90s or 2m
	Switch   Type = "switch"   // true or false; on the command line, the flag alone means true
)

// Setting is a row of the table of settings. Action inputs, command-line flags
// and the reference are all generated from that table.
type Setting struct {
	Name    string
	Type    Type
	Default string
	Help    string
	For     Does   // the verbs that use it
	Need    Does   // the verbs that require it
	Unless  string // a setting that replaces it, if the verb has that one
	FromRun bool   // a workflow run provides it
	InRun   bool   // only for workflow runs: the command line has no flag
	Trial   bool   // a switch that promises to change nothing
	ByHand  bool   // only for the command line: actions have no input
	OneRun  bool   // says what one run does: no variable of a repository stands in for it
	Given   string // for InRun: the workflow's default, as an expression
	Remote  bool   // only for servers other than the machine itself
	Place   int    // position among the arguments of the command line, from 1; 0: it is a flag
}

// Settings is the table of settings.
var Settings = []Setting{
	{
		Name: "app", Type: Text, For: every, Need: every,
		Help: "Organization and application as ORG/APP, for example apxr/apxr_io. The application's name is also the release's and, unless set otherwise, the systemd unit's.",
	},
	{
		Name: "build-host", Type: Text, For: fetches | rollsBack | prepares, Need: fetches, Unless: "inventory",
		Help: "The build server, as [user@]name[:port], or local for the machine that this runs on. The user is deploy unless named. A rollback can do without it: web servers that do not have the release any more get it from there, if it can be reached. With an inventory the default is the one host of its group build-servers; of several, one is given by its name there.",
	},
	{
		Name: "hosts", Type: Text, For: visits | prepares, Need: visits, Unless: "inventory",
		Help: "The web servers, each as [user@]name[:port], or local for the machine that this runs on; separated by commas, blanks or line breaks. The user is deploy unless named. Give these or an inventory.",
	},
	{
		Name: "host", Type: Text, Place: 1, For: looks, Need: looks, Unless: "inventory",
		Help: "The web server, as [user@]name[:port], or local for the machine that this runs on. The user is deploy unless named. With an inventory it is the name of one of its web servers; it may be left out if there is only one, or if --limit picks one.",
	},
	{
		Name: "expression", Type: Block, Place: 2, For: evaluates, Need: evaluates,
		Help: "What is evaluated, in Elixir, as the release's own eval and rpc take it. - reads it from stdin; so does leaving it out, where stdin is no terminal. On the host it stands in the process list while it runs: keep secrets out of it.",
	},
	{
		Name: "unit", Type: Text, For: readsLog,
		Help: "The systemd unit whose log is shown: one for each command, as the sudo rules have it. The default is the first one of units.",
	},
	{
		Name: "follow", Type: Switch, Default: "true", For: readsLog,
		Help: "Go on with what the unit logs from now on, until Ctrl-C. --follow=false ends after the last 100 lines.",
	},
	{
		Name: "inventory", Type: Text, For: every, OneRun: true,
		Help: "The path of an Ansible inventory that has the servers, instead of hosts and build-host. It is read by ansible-inventory on the machine that this runs on: names from ansible_host, ports from ansible_port, the user from slipway_deploy_user, on the build server first slipway_build_user; a host with ansible_connection: local is that machine.",
	},
	{
		Name: "inventory-group", Type: Text, Default: "web-servers", For: visits | looks | prepares,
		Help: "The group of the inventory that has the web servers, with its child groups.",
	},
	{
		Name: "limit", Type: Text, For: visits | looks | prepares, OneRun: true,
		Help: "Which of the servers this run is for, written as Ansible's --limit: names and groups of the inventory, or servers of hosts, separated by commas, with wildcards as in web*; !web3 leaves one out. A name that is not there is an error. Without it, all of them.",
	},
	{
		Name: "vault-password", Type: Secret, For: every,
		Help: "The Ansible Vault password of the inventory. A setup needs it if parts of the inventory are encrypted. The other verbs leave encrypted files of variables out without it: they need names, addresses, ports and users alone.",
	},
	{
		Name: "ssh-key", Type: Secret, For: logsIn,
		Help: "The private key that logs in on the build server, the web servers and the jump hosts, in OpenSSH or PEM format. It is needed unless there is an SSH agent, or all servers are local.",
	},
	{
		Name: "ssh-passphrase", Type: Secret, For: logsIn,
		Help: "The passphrase of ssh-key.",
	},
	{
		Name: "ssh-certificate", Type: Block, For: logsIn,
		Help: "The certificate of ssh-key, or of a key of the SSH agent: what ssh-keygen -s wrote, KEY-cert.pub.",
	},
	{
		Name: "setup-user", Type: Text, Default: "root", For: prepares,
		Help: "Who logs in on the servers to set them up, unless the inventory says so (ansible_user). Another user than root becomes root by sudo, which must not ask for a password.",
	},
	{
		Name: "setup-key", Type: Secret, For: prepares,
		Help: "The private key of setup-user, for the servers and the jump hosts, in OpenSSH or PEM format. Not the deploy key: that one must not become root. It is needed unless there is an SSH agent, or all servers are local.",
	},
	{
		Name: "setup-passphrase", Type: Secret, For: prepares,
		Help: "The passphrase of setup-key.",
	},
	{
		Name: "setup-certificate", Type: Block, For: prepares,
		Help: "The certificate of setup-key, or of a key of the SSH agent: what ssh-keygen -s wrote, KEY-cert.pub.",
	},
	{
		Name: "setup-vars", Type: Secret, For: prepares,
		Help: "Variables of the setup as a YAML mapping, slipway_NAME: value. They stand above those of the inventory; without one they are all that there is.",
	},
	{
		Name: "check", Type: Switch, Default: "false", For: prepares, Trial: true, OneRun: true,
		Help: "Change nothing, and show what would be changed.",
	},
	{
		Name: "ssh-agent", Type: Text, For: every, OneRun: true,
		Help: "The socket of an SSH agent, used when no private key is given. The default is $SSH_AUTH_SOCK.",
	},
	{
		Name: "known-hosts", Type: Block, For: every, Need: every, Remote: true,
		Help: "The host keys of all these servers, as lines of known_hosts. A server whose key is not here is never talked to.",
	},
	{
		Name: "jump-hosts", Type: Text, For: every,
		Help: "The servers through which all others are reached, each as [user@]name[:port], in the order in which they are passed.",
	},
	{
		Name: "verbose", Type: Number, Default: "0", For: every, OneRun: true,
		Help: "For trouble, 0 to 2: 1 shows how each SSH connection came about, 2 also every script that runs on any server, its arguments and the facts that it found. For setup, 1 and 2 are -v and -vvv of ansible-playbook. A workflow run with debug logging (RUNNER_DEBUG) has 2, whatever is set here.",
	},
	{
		Name: "repository", Type: Text, For: builds, Need: builds, FromRun: true,
		Help: "The git repository, as an ssh or https URL that the build server can read. In a workflow the default is its own repository: over HTTPS if there is a git-token, over SSH otherwise.",
	},
	{
		Name: "revision", Type: Text, For: builds, Need: builds, FromRun: true, OneRun: true,
		Help: "What to build: a full commit ID, a branch or a tag. In a workflow the default is the workflow's own commit.",
	},
	{
		Name: "git-token", Type: Secret, For: builds,
		Help: "A token that may read the repository over HTTPS, such as the workflow's own github.token. It is offered to the repository's server alone, for submodules and dependencies too. It never touches the build server's disk.",
	},
	{
		Name: "deploy-keys", Type: Secret, For: builds,
		Help: "Private keys for git over SSH, one below the other. A key is for the repository whose URL stands in the line above it, without such a line for repository. They stay in this program's memory: the build server asks it for signatures over SSH agent forwarding. Without them the build server's user fetches with a key of its own.",
	},
	{
		Name: "forward-agent", Type: Switch, Default: "false", For: builds,
		Help: "Forward the SSH agent of the machine that this runs on (SSH_AUTH_SOCK) while git fetches, as ssh -A does. Whoever rules the build server can use all of its keys during that time; deploy-keys are safer.",
	},
	{
		Name: "git-known-hosts", Type: Block, For: builds,
		Help: "The host keys of git servers, as lines of known_hosts. Those of github.com are built in. A server that is neither here nor there must be in known_hosts of the build server's user.",
	},
	{
		Name: "project-dir", Type: Text, Default: ".", For: builds,
		Help: "The directory of mix.exs, from the repository's top.",
	},
	{
		Name: "mix-env", Type: Text, Default: "prod", For: builds,
		Help: "MIX_ENV of the build.",
	},
	{
		Name: "release", Type: Text, For: builds,
		Help: "The release in mix.exs, if it has several. The default is default_release, or the one that there is.",
	},
	{
		Name: "before-release", Type: Block, For: builds,
		Help: "Commands that run in the project's directory before the release is assembled, as a sh script that ends at the first error: npm ci --prefix assets, mix assets.deploy.",
	},
	{
		Name: "build-env", Type: Secret, For: builds,
		Help: "Variables of the build's environment, such as private Hex keys, as lines NAME=VALUE; a value of several lines as NAME<<END, its lines, and END. They reach the build through its environment alone, and their values are hidden in the log.",
	},
	{
		Name: "clean", Type: Switch, Default: "false", For: builds, OneRun: true,
		Help: "Build from nothing: fetch and compile all dependencies again. Needed only if a build depends on something that is neither in the repository nor in mix.lock, .tool-versions or these settings.",
	},
	{
		Name: "incremental", Type: Switch, Default: "false", For: builds,
		Help: "Let mix decide which files of the project to compile, also for another commit. Without it, compiled dependencies are reused and the project is compiled anew. mix does not notice what a module reads from other files without @external_resource, what it asks git or another program, or what before-release writes: see docs/building.md.",
	},
	{
		Name: "wait-for-lock", Type: Duration, Default: "10m", For: locks,
		Help: "How long to wait for another run that builds the same application, or changes it on one of the web servers; who that is, since when and from which run is shown. 0s refuses at once.",
	},
	{
		Name: "keep-artifacts", Type: Number, Default: "10", For: builds,
		Help: "How many releases stay on the build server, at least 1.",
	},
	{
		Name: "keep-artifacts-for", Type: Duration, Default: "72h", For: builds,
		Help: "How long a release stays there in any case, so that a deploy that waits for an approval still finds it.",
	},
	{
		Name: "release-id", Type: Text, For: namesRelease | rollsBack, Need: namesRelease, OneRun: true,
		Help: "The release to deploy, as the build put it out; for a rollback the release to go back to, by default the one below the current one in the hosts' history.",
	},
	{
		Name: "release-digest", Type: Text, For: namesRelease, OneRun: true,
		Help: "The digest of that release, as the build put it out. Another release with the same ID is refused: from another build server or user, or one that has replaced it on the build server. Without it the ID alone says which release is meant.",
	},
	{
		Name: "expect-current", Type: Text, For: resumes | reverts, Need: reverts,
		Help: "For activate, the release that every web server has to run before (none: nothing); by default what it ran when the release was staged there. For revert, the release that is to be taken back: web servers that run another one stay as they are.",
	},
	{
		Name: "shard", Type: Text, For: inParts,
		Help: "Which part of hosts this run is for, as K/N: the K-th of N parts of about the same size, in the order of the list. Without it, all of them.",
	},
	{
		Name: "max-parallel", Type: Text, Default: "1", For: switches,
		Help: "How many web servers are switched and proved at the same time, as a number or as a percentage of them, such as 25%. A deploy switches and proves the first one alone.",
	},
	{
		Name: "batch-pause", Type: Duration, Default: "0s", For: switches,
		Help: "How long to wait after each batch of web servers before the next one.",
	},
	{
		Name: "max-failures", Type: Number, Default: "0", For: sends | activates,
		Help: "How many web servers may stay on what they ran, because they cannot be reached or fail, while the others get the release. The run then ends well, with the result partial. The first one that is switched must not fail. By default one that fails takes all back.",
	},
	{
		Name: "deploy-to", Type: Text, For: visits | opensConsole | evaluates,
		Help: "The application's directory on the web servers. The default is /opt/ORG/APP.",
	},
	{
		Name: "units", Type: Text, For: visits | looks,
		Help: "The systemd units that run the release, in the order in which they are restarted, separated by commas or blanks. The default is APP.service.",
	},
	{
		Name: "restart-flag", Type: Text, For: changes,
		Help: "A file whose change makes the host restart the units: a systemd path unit watches it, and the deploy user needs no sudo. Without this and restart-command the units are restarted by sudo systemctl.",
	},
	{
		Name: "restart-command", Type: Block, For: changes,
		Help: "What restarts the units instead of sudo systemctl: a command line or a sh script that the deploy user runs on the host.",
	},
	{
		Name: "env-file", Type: Secret, For: activates,
		Help: "The environment of the application as lines NAME=VALUE, delivered with the release, switched and rolled back with it. A value is literal to the end of its line, less the quotes around it; one of several lines is NAME<<END, its lines, and END. Without this setting the host keeps the environment that the running release has; one without a variable (a comment only) takes it away.",
	},
	{
		Name: "before-activate-once", Type: Block, For: activates,
		Help: "Commands that run once for all web servers, such as migrations: on the first one that is to be switched, when the release is complete on every one and none is switched yet. If they fail nothing is switched. They run as those of before-activate do: bin/apxr_io eval 'ApxrIo.Release.migrate()'.",
	},
	{
		Name: "migrate", Type: Switch, Default: "false", For: activates,
		Help: "Migrate, once for all web servers, after before-activate-once and in the same way: the unit APP-migrate.service, which the setup phase makes of slipway_migrate_command, is started on the first one. It has the new release's code, the units' environment and the application's user.",
	},
	{
		Name: "before-activate", Type: Block, For: activates,
		Help: "Commands that run on each host before the switch, while the old release still runs; if they fail nothing is switched. They are a sh script that ends at the first error, run as the deploy user in the new release's directory with the delivered environment.",
	},
	{
		Name: "after-activate", Type: Block, For: activates,
		Help: "Commands that run in the same way once the release is proved; if they fail everything goes back.",
	},
	{
		Name: "health-url", Type: Text, For: changes,
		Help: "An http or https URL on the web server itself, such as http://127.0.0.1:4001/health, that answers as health-status and health-body say when the application works. It is asked through the SSH connection. Without it the units, their processes and the ports are the only proof.",
	},
	{
		Name: "health-server-name", Type: Text, For: changes,
		Help: "The DNS name in the certificate that an https health-url answers with. It is also sent as the Host header. The default is the URL's host.",
	},
	{
		Name: "health-status", Type: Text, Default: "200-299", For: changes,
		Help: "Which statuses of health-url are healthy, such as 200,204,300-399.",
	},
	{
		Name: "health-body", Type: Text, For: changes,
		Help: "A regular expression (RE2) that the body of health-url's answer has to match.",
	},
	{
		Name: "ports", Type: Text, For: changes,
		Help: "TCP ports that something has to listen on, on the web server, once the release runs: 4001, 4002.",
	},
	{
		Name: "health-timeout", Type: Duration, Default: "60s", For: changes,
		Help: "How long a started release may take until it is proved.",
	},
	{
		Name: "settle", Type: Duration, Default: "2s", For: changes,
		Help: "How long a release that answers must go on running, without a restart, to count as proved; 0s: one good look is enough.",
	},
	{
		Name: "keep-releases", Type: Number, Default: "5", For: activates,
		Help: "How many releases stay on each web server, at least 2.",
	},
	{
		Name: "force", Type: Switch, Default: "false", For: sends, OneRun: true,
		Help: "Deploy a revision although what runs is newer, or a rollback marked it as bad.",
	},
	{
		Name: "dry-run", Type: Switch, Default: "false", For: rehearses, Trial: true, OneRun: true,
		Help: "Print what would be done and what is found on the hosts, and change nothing.",
	},
	{
		Name: "environment", Type: Text, Default: "production", For: switches, InRun: true,
		Help: "What the pull request comments, the job summary and the deployments call these web servers: the job's GitHub environment, if it has one.",
	},
	{
		Name: "comment", Type: Switch, Default: "true", For: switches, InRun: true,
		Help: "Keep one comment on each pull request whose changes begin to run there, or run no longer. The job needs the permissions contents: read and pull-requests: write. That a comment fails makes no run red.",
	},
	{
		Name: "deployments", Type: Switch, Default: "false", For: switches, InRun: true,
		Help: "Record the deploy or rollback through GitHub's Deployments API. The job needs the permission deployments: write. A job that names an environment has GitHub record it already: leave this off there.",
	},
	{
		Name: "environment-url", Type: Text, For: switches, InRun: true,
		Help: "Where people find what was deployed, an http or https URL: comments and deployments link to it.",
	},
	{
		Name: "rollback-workflow", Type: Text, Default: "rollback.yml", For: switches, InRun: true,
		Help: "The file name of the workflow that rolls back, in .github/workflows: summary and comments link to it. none: there is none.",
	},
	{
		Name: "github-token", Type: Secret, For: stages | switches, InRun: true, Given: "${{ github.token }}",
		Help: "The token for comments and deployments, and to ask whether a revision that is older than what runs is the tip of its branch. The default is the workflow's own.",
	},
	{
		Name: "format", Type: Text, Default: "text", For: locks | lists | prepares, ByHand: true,
		Help: "What is printed on stdout: text for people, or json for programs.",
	},
}

// Of returns the settings of a verb in the table's order.
func Of(v Verb) []Setting {
	does := v.does()
	return slices.DeleteFunc(slices.Clone(Settings), func(s Setting) bool { return s.For&does == 0 })
}

// InputsOf returns the settings of a verb that are inputs of its action.
func InputsOf(v Verb) []Setting {
	return slices.DeleteFunc(Of(v), func(s Setting) bool { return s.ByHand })
}

// FlagsOf returns the settings of a verb that have a flag.
func FlagsOf(v Verb) []Setting {
	return slices.DeleteFunc(Of(v), func(s Setting) bool { return s.InRun || s.Place > 0 })
}

// PlacesOf returns the settings of a verb that are arguments without a flag, in
// their order.
func PlacesOf(v Verb) []Setting {
	return slices.DeleteFunc(Of(v), func(s Setting) bool { return s.Place == 0 })
}

// Required reports whether a verb requires the setting.
func (s Setting) Required(v Verb) bool { return s.Need&v.does() != 0 }

// Optional reports whether another setting of the verb can replace it.
func (s Setting) Optional(v Verb) bool {
	return slices.ContainsFunc(Of(v), func(other Setting) bool { return other.Name == s.Unless })
}

// Output is a row of the table of outputs, which later workflow steps can read.
type Output struct {
	Name string
	Help string
	For  Does // the verbs that set it
}

// Outputs is the table of outputs.
var Outputs = []Output{
	{"release-id", "The release that was built, deployed, taken back or gone back to.", locks},
	{"release-digest", "The digest of that release, for release-digest of a deploy: unlike its ID it is not the same for two releases.", builds | sends | activates},
	{"version", "The application's own version.", locks},
	{"revision", "The commit that the release was built from.", locks},
	{"previous-release-id", "What most hosts ran before; empty on a first deploy.", changes},
	{"result", "What became of it: live, partial (max-failures allowed some to fail), unchanged, superseded, dry-run, staged, reverted; failed, for steps that run all the same (if: failure()).", changes},
	{"result", "What became of it: ready (nothing had to be changed), changed, check (something would be changed); failed, for steps that run all the same (if: failure()).", prepares},
	{"changed", "The number of changes that were made, or that a check would make.", prepares},
	{"hosts", "What became of each server, also in a run that failed: a JSON list of objects with host, outcome (ready, changed, would-change, failed, not-reached, not-finished) and changed, the number of its changes.", prepares},
	{"hosts", "What became of each web server, also in a run that failed: a JSON list of objects with host, outcome (live, unchanged, staged, put-back, going-back, not-changed, not-reached, failed), before, now (release IDs, or empty) and seconds.", changes},
	{"pull-requests", "The numbers of the pull requests that have a comment of this run, as a JSON list.", switches},
}

// OutputsOf returns the outputs of a verb in the table's order.
func OutputsOf(v Verb) []Output {
	does := v.does()
	return slices.DeleteFunc(slices.Clone(Outputs), func(o Output) bool { return o.For&does == 0 })
}
