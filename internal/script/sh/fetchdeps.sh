# Libraries: buildroot input git toolenv answers state rebarlock
# Restores files of an earlier build, or fetches the locked dependencies.
# Takes: token, app (ORG/APP), id, dir, mix_env, lock_path, deps_path, build_path (relative to
# the repository's top), key (of the state), clean (yes or no),
# incremental (yes: mix decides which files of the project to compile),
# commands (a digest of those that run before the release; empty: none),
# hex and rebar (yes: they are installed).
# Input: credentials and host keys for git, the build's variables.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env"
	if [ "$builder" = rebar3 ]; then
		fact state none
		fetch_by_rebar
		answered
	fi
	lock=$checkout/$lock_path
	restore_state
	if [ "$state" = none ]; then fetch_dependencies; else remember_dependencies; fi
}

fetch_dependencies() {
	[ ! -f "$lock" ] || cp "$lock" "$scratch/mix.lock"
	! grep -q '{:hex,' "$lock" 2>/dev/null || install_hex
	(git_access && with_env mix deps.get --only "$mix_env") || {
		lock_is_the_same
		forget
		failed "mix deps.get failed: see the lines above"
	}
	lock_is_the_same
	! needs_rebar || install_rebar
}

# install_hex looks first whether Hex is there: before Elixir 1.13, --force installs
# it again, and all builds share the home of mix.
install_hex() {
	[ "$hex" != yes ] || return 0
	with_env mix help hex >/dev/null 2>&1 && return
	lock_tools
	with_env mix local.hex --force 7>&- || failed "Hex is missing and cannot be installed: see the lines above"
	unlock_tools
}

needs_rebar() {
	for place in "$checkout/$deps_path"/*/rebar.config; do
		[ ! -f "$place" ] || [ -f "${place%/*}/mix.exs" ] || return 0
	done
	return 1
}

# install_rebar gives mix the rebar3 that is on the PATH, pinned or the distribution's. It
# downloads one if there is none, or only a shim, which would not be itself elsewhere.
install_rebar() {
	[ "$rebar" != yes ] || return 0
	lock_tools
	at=$(command -v rebar3) && head -n 1 "$at" | grep -q escript || at=
	with_env mix local.rebar ${at:+rebar3 "$at"} --force 7>&- || failed "rebar is missing and cannot be installed: see the lines above"
	unlock_tools
}

lock_is_the_same() {
	if [ ! -f "$scratch/mix.lock" ]; then
		[ -f "$lock" ] || return 0
		cat "$lock"
		die "the commit has dependencies and no mix.lock: commit the one that 'mix deps.get' makes, and build that commit"
	fi
	cmp -s "$scratch/mix.lock" "$lock" && return
	diff -u "$scratch/mix.lock" "$lock"
	die "mix.lock does not match mix.exs (see the difference above): run 'mix deps.get', commit mix.lock, and build that commit"
}
