# Libraries: buildroot input toolenv
# Compiles the dependencies that are not compiled yet.
# Takes: token, app (ORG/APP), id, dir, mix_env. Input: the build's variables.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env"
	with_env mix deps.compile || failed "a dependency does not compile: see the lines above"
}
