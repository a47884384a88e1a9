package config

import "strings"

// Variable is one variable of an environment.
type Variable struct{ Name, Value string }

// Env is the environment of the application.
type Env struct{ Variables []Variable }

// Shell returns a file for sh that sets the variables to exactly these values.
// It is empty if there are no variables.
func (e Env) Shell() string {
	var b strings.Builder
	for _, v := range e.Variables {
		b.WriteString("export " + v.Name + "='" + strings.ReplaceAll(v.Value, "'", `'\''`) + "'\n")
	}
	return b.String()
}

// buildEnv reads the format of GitHub's own environment files.
func (l *loader) buildEnv() []Variable {
	text := l.value("build-env")
	if len(text) > maxText {
		l.wrong("build-env", "it has %d bytes, and %d are the most that an environment carries", len(text), maxText)
		return nil
	}
	return l.variables("build-env", text, envRules{refuse: notForBuild})
}

// maxEnv leaves room for the rest of the environment and arguments of a
// process.
const maxEnv = 64 << 10

// envFile reads the application's environment. A text without variables counts
// too: it removes the environment that the host has.
func (l *loader) envFile() *Env {
	text := l.raw("env-file")
	if text == "" {
		return nil
	}
	if len(text) > maxEnv {
		l.wrong("env-file", "it has %d bytes, and %d are the most: give larger things to the application as files of the host", len(text), maxEnv)
		return nil
	}
	return &Env{l.variables("env-file", text, envRules{refuse: notForApp, export: true, unquote: unquote, utf8: true})}
}

// notForBuild returns why a variable is refused in a build: it would change how
// Slipway itself works.
func notForBuild(name string) string {
	switch {
	case name == "MIX_ENV":
		return "is Slipway's own to set: use mix-env"
	case name == "SSH_AUTH_SOCK":
		return "is Slipway's own to set: use deploy-keys or forward-agent"
	case isSlipways(name), shellRefuses[name], forBuildItself[name], strings.HasPrefix(name, "GIT_"), strings.HasPrefix(name, "LD_"):
		return "is Slipway's own to set"
	}
	return ""
}

// notForApp returns why a variable is refused for the application: its value
// would not arrive unchanged.
func notForApp(name string) string {
	switch {
	case isSlipways(name):
		return "is Slipway's own to set"
	case name == "RELEASE_ROOT":
		return "is not for this file: the start script finds it itself"
	case shellRefuses[name], shellSets[name], strings.HasPrefix(name, "BASH_"):
		return "cannot be set: the shell that starts the application keeps it for itself; choose another name"
	}
	return ""
}

func isSlipways(name string) bool { return strings.HasPrefix(strings.ToUpper(name), "SLIPWAY_") }

var (
	forBuildItself = set("MIX_BUILD_PATH MIX_BUILD_ROOT MIX_DEPS_PATH MIX_EXS HOME PATH")
	// shellRefuses names variables that shells refuse to set, or obey.
	shellRefuses = set("IFS ENV BASH_ENV UID EUID PPID OPTIND SHELLOPTS BASHOPTS")
	// shellSets names variables that dash or bash passes on with its own value.
	shellSets = set("_ BASHPID DIRSTACK EPOCHREALTIME EPOCHSECONDS FUNCNAME GROUPS HISTCMD LINENO RANDOM SECONDS SHLVL SRANDOM")
)

func set(names string) map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		all[name] = true
	}
	return all
}
