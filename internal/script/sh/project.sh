# Libraries: buildroot input toolenv answers rebarconfig
# Reports the versions of the tools, and what mix.exs or rebar.config defines, before anything is built.
# Takes: token, app (ORG/APP), id, dir (of mix.exs), mix_env,
# clean (yes: ask anew). Input: the build's variables.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env"
	if [ "$builder" = rebar3 ]; then
		ask_rebar
		answered
	fi
	use_answers
	fact remembered "$remembered"
	# Pass on only known keys.
	grep -E '^(have|config|mix_app|umbrella|release|default_release|elixir|hex|rebar)=' "$answers" >&3
	top=$(cd "$checkout" && pwd -P)
	for key in lock deps build; do
		place=$(sed -n "s/^$key=//p" "$answers")
		case $place in
		"$top"/*) fact "path_$key" "${place#"$top"/}" ;;
		*) die "mix.exs sets the path of $key to $place, outside of the repository: builds must not share it" ;;
		esac
	done
	fact mix_files "$(mix_files | sha256sum | cut -c1-64)"
	lock=$(sed -n 's/^lock=//p' "$answers")
	if [ -f "$lock" ]; then
		fact sha256_lock "$(sha256sum <"$lock" | cut -c1-64)"
	elif grep -qx 'fetches=yes' "$answers"; then
		die "the commit has dependencies and no ${lock##*/}: commit the one that 'mix deps.get' makes, and build that commit"
	fi
	if [ -f rel/config.exs ] && grep -q 'Releases\.Config' rel/config.exs; then
		fact distillery yes
		sed -n 's/^ *release :\([a-z][a-zA-Z0-9_]*\) .*/distillery_release=\1/p' rel/config.exs >&3
	fi
}

# mix_files prints what all mix.exs say, except for their versions: those of path
# dependencies name further dependencies. Submodules may have some, too.
mix_files() {
	git grep -avE '^ *(@version|version:) *"[^"]*",? *$' HEAD -- ':(top)mix.exs' ':(top)*/mix.exs'
	git ls-tree -r --full-tree HEAD | grep '^160000'
}
