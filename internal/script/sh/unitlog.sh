# Prints the lines of the unit log since a time. Takes: unit, since (seconds of the
# host's clock), ended (yes: the unit was started since then and has ended; else
# empty). A sudo rule allows exactly one command, so the lines are selected here.
main() {
	command="journalctl --no-pager --output=short-unix --lines=100 --unit=$unit"
	before=
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		read_log
		[ "$ended" = yes ] || break
		[ "$lines" != "$before" ] || ! has_end || break
		before=$lines
		sleep 0.2
	done
	[ -z "$lines" ] || printf '%s\n' "$lines" | awk -v mark="$answer_mark" '
		/^[0-9]+\.[0-9]+ [^ ]+ / { print mark "at=" $1; sub(/^[^ ]+ [^ ]+ /, "") }
		{ print mark "line=" $0 }' >&3
}

# read_log keeps all lines of a message: only the first of them has the time.
read_log() {
	# shellcheck disable=SC2086 # the words of a command
	lines=$(sudo -n $command) || die "the unit log cannot be read: run 'sudo $command' on the host"
	lines=$(printf '%s\n' "$lines" | awk -v since="$since" '
		/^[0-9]+\.[0-9]+ / { wanted = ($1 >= since) }
		wanted')
}

# has_end tests whether the log is complete: the journal lags behind. systemd logs two
# lines, one when it starts a unit and one for the result.
has_end() { [ "$(printf '%s\n' "$lines" | grep -c '^[0-9.]* [^ ]* systemd\[1\]: ')" -ge 2 ]; }
