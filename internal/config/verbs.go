package config

import (
	"slices"

	"github.com/apxr/slipway/internal/release"
)

// Verb is a command of Slipway, for a person or a workflow.
type Verb string

// The verbs, as actions, the command line and the history of a host spell them.
const (
	Setup          Verb = "setup"
	BuildRelease   Verb = "build-release"
	Deploy              = Verb(release.Deploy)
	BuildAndDeploy Verb = "build-and-deploy"
	Rollback            = Verb(release.Rollback)
	Stage               = Verb(release.Stage)
	Activate            = Verb(release.Activate)
	Revert              = Verb(release.Revert)
	Releases       Verb = "releases"
	History        Verb = "history"
	Artifacts      Verb = "artifacts"
	Console        Verb = "console"
	Eval           Verb = "eval"
	RPC            Verb = "rpc"
	Logs           Verb = "logs"
)

// Does is a set of things that verbs do. A verb uses each setting whose set has
// something that the verb does.
type Does uint

// The things that a verb does.
const (
	prepares       Does = 1 << iota // sets servers up with Ansible
	builds                          // makes a release on the build server
	sends                           // puts a release on the web servers
	activates                       // switches the web servers to a new release
	rollsBack                       // switches the web servers to an earlier release
	reverts                         // undoes an activation because another part of the fleet failed
	stages                          // ends before the first switch
	resumes                         // switches to what was staged
	namesRelease                    // takes the ID of a release
	rehearses                       // can say what it would do, and change nothing
	listsHosts                      // shows what the web servers have
	listsArtifacts                  // shows what the build server keeps
	opensConsole                    // connects a terminal to the running node
	evaluates                       // runs an expression
	readsLog                        // shows a unit log
)

// Names for several of them.
const (
	every    = prepares | logsIn
	logsIn   = locks | lists | looks               // as the deploy user
	fetches  = builds | sends | listsArtifacts     // needs the build server
	inParts  = stages | resumes | reverts          // is one phase of a deploy, for a part of the fleet
	switches = activates | rollsBack | reverts     // changes what runs
	changes  = sends | switches                    // changes the web servers
	visits   = changes | listsHosts                // goes to all web servers
	locks    = builds | changes                    // keeps other runs out
	lists    = listsHosts | listsArtifacts         // changes nothing, and shows a list
	looks    = opensConsole | evaluates | readsLog // lets a person look inside one web server
)

// VerbInfo is a row of the table of verbs. The command line's help, the action
// files, the reference and the settings of a verb are made from it.
type VerbInfo struct {
	Verb        Verb
	Help        string // one line, in the command line's list
	Does        Does
	Description string  // whole sentences, for the reference and the action
	Action      *Action // nil: only the command line has the verb
}

// Action is the GitHub Action of a verb.
type Action struct {
	Folder string // relative to the top of the repository, which is "."
	Name   string
}

// Verbs is the table of verbs, in the order of their use.
var Verbs = []VerbInfo{
	{
		Setup, "prepare servers, by Ansible: users, directories, units, sudo rules", prepares,
		"Prepares your servers by Ansible: users, directories, units, sudo rules. What is ready stays as it is.",
		&Action{"actions/setup", "Slipway: setup"},
	},
	{
		BuildRelease, "build a commit on the build server; prints the release ID", builds,
		"Builds a commit on your build server and keeps the release there under its release ID.",
		&Action{"actions/build-release", "Slipway: build release"},
	},
	{
		Deploy, "make the servers run a release that was built", sends | activates | namesRelease | rehearses,
		"Makes your web servers run a release that was built, and puts the old one back if it does not work.",
		&Action{"actions/deploy", "Slipway: deploy"},
	},
	{
		BuildAndDeploy, "both, in one step", builds | sends | activates,
		"Builds a commit on your build server and makes your web servers run it, in one step.",
		&Action{".", "Slipway: build and deploy an Elixir release"},
	},
	{
		Rollback, "make the servers run the release before", rollsBack | rehearses,
		"Makes your web servers run the release before, or the one that you name.",
		&Action{"actions/rollback", "Slipway: rollback"},
	},
	{
		Stage, "put a release on the servers and switch nothing: a deploy in parts", sends | stages | namesRelease,
		"Puts a release that was built on your web servers and switches nothing: the first part of a deploy in parts.",
		&Action{"actions/stage", "Slipway: stage"},
	},
	{
		Activate, "make the servers run what was staged there", activates | resumes | namesRelease,
		"Makes your web servers run a release that was staged there, and puts the old one back if it does not work.",
		&Action{"actions/activate", "Slipway: activate"},
	},
	{
		Revert, "take that back where it runs", reverts,
		"Takes a release back that was activated on a part of a fleet, because another part failed.",
		&Action{"actions/revert", "Slipway: revert"},
	},
	{
		Releases, "list what the servers have and run", listsHosts,
		"Lists what the servers have and run.", nil,
	},
	{
		History, "list what was changed on the servers, when, and by whom", listsHosts,
		"Lists what was changed on the servers, when, and by whom.", nil,
	},
	{
		Artifacts, "list what the build server keeps", listsArtifacts,
		"Lists what the build server keeps.", nil,
	},
	{
		Console, "open the remote console of what runs on a server", opensConsole,
		"Opens the remote console of the running node on your terminal: Ctrl-C twice leaves it, and the node goes on.", nil,
	},
	{
		Eval, "evaluate an expression in a new VM of the current release", evaluates,
		"Evaluates an expression in a new VM of the current release, with the environment of its unit. stdout is what it prints, and nothing else.", nil,
	},
	{
		RPC, "evaluate an expression in the running node", evaluates,
		"Evaluates an expression in the running node. stdout is what it prints, and nothing else. What Ctrl-C ends is the waiting: a call that the node has begun may go on there.", nil,
	},
	{
		Logs, "show a unit log, and what comes next", readsLog,
		"Shows the last 100 lines of a unit log and what comes next, until Ctrl-C. On a terminal, control characters in it are shown as \\x1b.", nil,
	},
}

// VerbNamed returns the verb that has the name.
func VerbNamed(name string) (Verb, bool) {
	at := slices.IndexFunc(Verbs, func(v VerbInfo) bool { return string(v.Verb) == name })
	if at < 0 {
		return "", false
	}
	return Verbs[at].Verb, true
}

// Changes reports whether a verb changes servers.
func Changes(v Verb) bool { return v.does()&(locks|prepares) != 0 }

// does returns what the verb does; nothing if it is in no table.
func (v Verb) does() Does {
	at := slices.IndexFunc(Verbs, func(info VerbInfo) bool { return info.Verb == v })
	if at < 0 {
		return 0
	}
	return Verbs[at].Does
}
