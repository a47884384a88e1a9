// Package managers puts version managers on a lab's host for its deploy user: the real mise, and a stand-in for asdf
// in both generations. Their plugins are git repositories on the lab's git host. They "install" what the build host
// has anyhow, under the versions that it has: erlang 25.2.3, elixir 1.14.0 and 1.14.0-otp-25; and a nodejs 18.0.0 and
// just 1.0.0 and 1.1.0 that only say their version. Any other version fails with "no such version: X" on stderr.
//
// # What a program has to call
//
// To install the plugins and versions that a .tool-versions file names, and to get them on the PATH, without a person
// and in the directory of that file. Give every command </dev/null: git and plugins read what is on standard input,
// so a script that comes from there (sh -s) loses its rest. All of this is what this package's tests run.
//
// asdf until 0.15 (~/.asdf/asdf.sh exists; sourcing it instead of the first lines is the same):
//
//	export ASDF_DIR="$HOME/.asdf"
//	export PATH="$ASDF_DIR/bin:${ASDF_DATA_DIR:-$ASDF_DIR}/shims:$PATH"
//	asdf plugin add erlang URL          # 0 also if it is there; 1 if the clone fails, or without URL no such short name
//	asdf install erlang 25.2.3          # 0 also if it is there; 1 without the plugin, or if the plugin fails
//	asdf where erlang 25.2.3            # 0 and its directory; 1 if it is not installed
//
// `asdf install` alone exits with 1, and installs nothing, if a tool of the file has no plugin; it ends at the first
// version that fails. It takes tools by name: elixir before erlang. A version path:DIR it tries to install, and
// fails; it passes over system.
//
// asdf since 0.16 (no asdf.sh; the shims look for asdf on the PATH, so both directories have to be on it):
//
//	export PATH="${ASDF_DATA_DIR:-$HOME/.asdf}/shims:$HOME/.local/bin:$PATH"   # wherever asdf is
//	asdf plugin add erlang URL          # the same codes
//	asdf install erlang 25.2.3          # the same codes; 1 for system and path:DIR
//	asdf where erlang 25.2.3            # the same codes
//
// `asdf install` alone passes over tools without a plugin in silence, with exit code 0: ask `asdf where` or
// `asdf current TOOL` (0; 1: not installed; 126: no version is set) for each tool. It tries all versions, then exits
// with 1 if one failed. asdf plugin-add, global, local, shell and list-all are gone: 1.
//
// With both, only shims make the tools of one file find each other: with `asdf exec mix` alone, elixir takes erl from
// the PATH. A shim without a version that is set and installed exits with 126. A shim exports what the plugin's
// exec-env says, for elixir MIX_HOME and MIX_ARCHIVES; the directories of `asdf where` do without it.
//
// mise:
//
//	export PATH="$HOME/.local/bin:$PATH" MISE_YES=1
//	mise install                        # plugins, too; 0 also if all is there; 1 if any tool failed
//	PATH="$(mise bin-paths | paste -sd: -):$PATH"
//
// `mise install` installs the others if one version fails, but nothing at all if it does not know a tool or cannot
// clone a plugin. `mise bin-paths`, `mise env` and `mise ls` exit with 0 even if versions are missing: go by the code
// of `mise install`. `mise env -s bash` also gives the variables of the plugins' exec-env; `mise exec -- COMMAND` runs
// with all of it, and installs first what is missing (1 if that fails). Two `mise install` at the same time get in
// each other's way when plugins are missing: one fails with "Failed to run .../bin/list-all". A .tool-versions file
// needs no `mise trust`.
//
// For erlang, elixir and node mise has plugins of its own, which need the internet, as just does with its registry.
// Names in [plugins] of ~/.config/mise/config.toml replace them; that is what InstallMise writes. Any `mise install`
// clones all of those. `mise plugins install NAME URL` instead is enough for elixir, node and just but not for
// erlang, whose versions mise then still looks up on the internet.
package managers
