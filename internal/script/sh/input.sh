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
# env(1) would show them in its arguments. They may have any names, so that shell has
# none of ours: it keeps what it needs in its positional parameters.
with_env() {
	LC_ALL=C LANG=C.UTF-8 SLIPWAY_ENV=$(exports) sh -c '
		set -- "$SLIPWAY_ENV" "$@"
		unset SLIPWAY_ENV
		eval "shift
$1"
		exec "$@"' sh "$@" 3>&-
}

# exports prints the build's variables as commands that export them. The locale comes
# last: bash cuts invalid UTF-8 wrongly in any but the C locale.
exports() {
	locale="export LC_ALL='C.UTF-8'"
	for pair in $build_env; do
		value=$(printf '%b.' "$(printf '%s' "${pair#*.}" | sed 's/_/\\0/g')")
		value=$(printf '%s' "$value" | sed "s/'/'\\\\''/g")
		case $pair in
		LC_ALL.*) locale="export LC_ALL='${value%.}'" ;;
		*) printf "export %s='%s'\n" "${pair%%.*}" "${value%.}" ;;
		esac
	done
	printf '%s\n' "$locale"
}
