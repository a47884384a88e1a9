# Reads what must not be in an argument list. It comes as input, after ready, in lines
# "KIND VALUE VALUE"; the last line is "end". Values are encoded like arguments.
#
# The build's variables stay encoded in build_env: only commands that with_env runs
# get them, not these scripts.
# shellcheck disable=SC2034 # no script reads all of these
build_env='' before='' git_token='' token_host='' forward_agent=''

take_input() { take_input_in "$root/$app/scratch"; }

# take_input_in DIR uses a directory other than the scratch of the running build.
# shellcheck disable=SC2034 # no script reads all that this sets
take_input_in() {
	scratch=$1
	# Only git may use the agent: see git.sh.
	agent=${SSH_AUTH_SOCK-}
	unset SSH_AUTH_SOCK
	rm -rf "$scratch"
	mkdir -p "$scratch" && : >"$scratch/identities" && : >"$scratch/known_hosts" || failed "cannot create $scratch"
	ready
	while IFS=' ' read -r what first second; do
		case $what in
		env) build_env="$build_env $first.$second" ;;
		before) decode "$first" && before=$decoded ;;
		token) decode "$second" && token_host=$first git_token=$decoded ;;
		forward) forward_agent=yes ;;
		known) decode "$first" && printf '%s\n' "$decoded" >>"$scratch/known_hosts" ;;
		identity) add_identity "$first" "$second" ;;
		end)
			exec </dev/null
			return ;;
		*) die "the settings came with a line of an unknown kind" ;;
		esac
	done
	die "the connection ended before all settings had come"
}

# add_identity stores the public half of a deploy key, so that ssh can ask the agent
# for exactly this key.
add_identity() {
	number=$(($(wc -l <"$scratch/identities") + 1))
	decode "$2" && printf '%s\n' "$decoded" >"$scratch/$number.pub" &&
		decode "$1" && printf '%s %s\n' "$number.pub" "$decoded" >>"$scratch/identities"
}

# with_env runs a command with the build's variables. A shell exports them, since
# env(1) would show them in its arguments.
with_env() {
	LC_ALL=C LANG=C.UTF-8 SLIPWAY_ENV=$build_env sh -c '
		# Keep the C locale until the end: bash cuts invalid UTF-8 wrongly.
		slipway_locale=C.UTF-8
		for slipway_pair in $SLIPWAY_ENV; do
			slipway_value=$(printf "%b." "$(printf "%s" "${slipway_pair#*.}" | sed "s/_/\\\\0/g")")
			case $slipway_pair in
			LC_ALL.*) slipway_locale=${slipway_value%.} ;;
			*) export "${slipway_pair%%.*}=${slipway_value%.}" ;;
			esac
		done
		export LC_ALL="$slipway_locale"
		unset SLIPWAY_ENV slipway_locale slipway_pair slipway_value
		exec "$@"' sh "$@" 3>&-
}
