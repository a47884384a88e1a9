# Prints the unit log's lines since a time. Takes: unit, since (seconds of the
# host's clock), ended (yes: the unit was started since then, and has ended; else
# empty). The command is one exact sudo rule, so the time is chosen here.
main() {
	command="journalctl --no-pager --output=short-unix --lines=100 --unit=$unit"
	before=
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		read_log
		[ "$ended" = yes ] || break
		[ "$lines" != "$before" ] || ! has_end || break
		before=$lines
		sleep 0.2
	done
	[ -z "$lines" ] || printf '%s\n' "$lines" | sed 's/^/line=/' >&3
}

# A message of several lines has its time on the first one only.
read_log() {
	lines=$(sudo -n $command) || die "the unit log cannot be read: run 'sudo $command' on the host"
	lines=$(printf '%s\n' "$lines" | awk -v since="$since" '
		/^[0-9]+\.[0-9]+ / { wanted = ($1 >= since); sub(/^[^ ]+ [^ ]+ /, "") }
		wanted')
}

# The journal lags behind what it tells of. systemd says there that it starts a
# unit, and what became of it.
has_end() { [ "$(printf '%s\n' "$lines" | grep -c '^systemd\[1\]: ')" -ge 2 ]; }
