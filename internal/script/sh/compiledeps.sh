# Libraries: buildroot input toolenv answers state
# Compiles the fetched dependencies. Those that are part of the repository, such as the
# applications of an umbrella, are compiled with the project.
# Takes: token, app (ORG/APP), id, dir, mix_env, deps_path, build_path (relative to the
# repository's top), elixir (its version). Input: the build's variables.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env"
	if at_least "$elixir" 1.11; then
		# A dependency that asks git must not get the project's commit: it is kept for others.
		GIT_CEILING_DIRECTORIES=$(cd "$checkout" && pwd -P)
		export GIT_CEILING_DIRECTORIES
		set -- --skip-local-deps
	else
		name_commit
		set --
	fi
	with_env mix deps.compile "$@" || failed "a dependency does not compile: see the lines above"
	drop_own
	remember_dependencies
}
