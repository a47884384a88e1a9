package sample

import (
	"fmt"
	"strings"
)

// Rebar returns the files of a rebar3 project with one release of the same name, which
// depends on a library of rebar3 in the repository url; if url is empty it depends on
// nothing. Its default profile makes releases for a developer.
func Rebar(app, lib, url string) map[string]string {
	deps, needs := "[]", ""
	if url != "" {
		deps, needs = fmt.Sprintf("[{%s, {git, %q, {branch, \"main\"}}}]", lib, url), ", "+lib
	}
	return map[string]string{
		".gitignore": "/_build/\n",
		"rebar.config": `{erl_opts, [debug_info]}.
{deps, ` + deps + `}.
{relx, [{release, {` + app + `, "0.1.0"}, [` + app + `, sasl]}, {mode, dev}, {sys_config, "config/sys.config"}, {vm_args, "config/vm.args"}]}.
{profiles, [{prod, [{relx, [{mode, prod}]}]}]}.
`,
		"config/sys.config":       "[{kernel, [{logger_level, notice}]}].\n",
		"config/vm.args":          "-noinput\n",
		"src/" + app + ".app.src": appSrc(app, "0.1.0", "{mod, {"+app+"_app, []}}, {applications, [kernel, stdlib"+needs+"]}"),
		"src/" + app + "_app.erl": `-module(` + app + `_app).
-behaviour(application).
-behaviour(supervisor).
-export([start/2, stop/1, init/1]).
start(_Type, _Arguments) -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).
stop(_State) -> ok.
init([]) -> {ok, {#{}, []}}.
`,
	}
}

// RebarLibrary returns the files of a library of rebar3.
func RebarLibrary(lib string) map[string]string {
	return map[string]string{
		"rebar.config":            "{deps, []}.\n",
		"src/" + lib + ".app.src": appSrc(lib, "1.0.0", "{applications, [kernel, stdlib]}"),
		"src/" + lib + ".erl":     "-module(" + lib + ").\n-export([say/0]).\nsay() -> hello.\n",
	}
}

// RebarLock returns the rebar.lock of a project that depends on a library of git.
func RebarLock(lib, url, revision string) string {
	return fmt.Sprintf("[{<<%q>>,\n  {git,%q,\n       {ref,%q}},\n  0}].\n", lib, url, strings.TrimSpace(revision))
}

func appSrc(app, version, more string) string {
	return fmt.Sprintf("{application, %s, [{description, \"a sample\"}, {vsn, %q}, {registered, []}, %s]}.\n", app, version, more)
}
