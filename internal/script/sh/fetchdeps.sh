# Gets the locked dependencies, with what is kept of earlier builds.
# Takes: app (ORG/APP), id, dir, mix_env, key (of the state), clean (yes or no).
# Input: credentials and host keys for git, the build's variables.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env"
	restore_state
	[ ! -f mix.lock ] || cp mix.lock "$scratch/mix.lock"
	! grep -q '{:hex,' mix.lock 2>/dev/null || install_hex
	(git_access && with_env mix deps.get --only "$mix_env") || {
		lock_is_the_same
		failed "mix deps.get failed: see the lines above"
	}
	lock_is_the_same
	! needs_rebar || with_env mix local.rebar --force --if-missing || failed "rebar is missing and cannot be installed: see the lines above"
}

install_hex() {
	with_env mix local.hex --force --if-missing || failed "Hex is missing and cannot be installed: see the lines above"
}

needs_rebar() {
	for place in deps/*/rebar.config; do
		[ ! -f "$place" ] || [ -f "${place%/*}/mix.exs" ] || return 0
	done
	return 1
}

lock_is_the_same() {
	if [ ! -f "$scratch/mix.lock" ]; then
		[ -f mix.lock ] || return 0
		cat mix.lock
		die "the commit has dependencies and no mix.lock: commit the one that 'mix deps.get' makes, and build that commit"
	fi
	cmp -s "$scratch/mix.lock" mix.lock && return
	diff -u "$scratch/mix.lock" mix.lock
	die "mix.lock does not match mix.exs (the difference stands above): run 'mix deps.get', commit mix.lock, and build that commit"
}
