# Prints the unit log's lines since a time. Takes: unit, since (seconds of the
# host's clock). The command is one exact sudo rule, so the time is chosen here.
main() {
	command="journalctl --no-pager --output=short-unix --lines=100 --unit=$unit"
	lines=$(sudo -n $command) || die "the unit log cannot be read: run 'sudo $command' on the host"
	# A message of several lines has its time on the first one only.
	printf '%s\n' "$lines" | awk -v since="$since" '
		/^[0-9]+\.[0-9]+ / { wanted = ($1 >= since); sub(/^[^ ]+ [^ ]+ /, "") }
		wanted { print "line=" $0 }' >&3
}
