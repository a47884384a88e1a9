# Libraries: receive beats
# Runs one sudo command for a person, with unchanged streams. The command ends with
# its caller: when the connection is cut, or has been silent for 30 s.
#
# sudo runs the command as another user, to whom this one cannot send signals. So
# script(1) gives it a terminal of its own, to which nothing is written. When that
# terminal goes away, the kernel sends SIGHUP to everything that runs on it.
# Takes: command. Its stdin comes as input, followed by heartbeats.
main() {
	exec 4<&0
	receive
	# Only these scripts need the C locale. The command chooses its own.
	unset LC_ALL
	printf '%s' "$text" |
		SHELL=/bin/sh script -qec "exec $command <&7 >&5 2>&6 5>&- 6>&- 7<&-" /dev/null \
			7<&0 5>&3 6>&2 </dev/null >/dev/null 3>&- 4<&- &
	attended=$!
	end_with_caller >/dev/null 2>&1 3>&- &
	watch=$!
	exec 4<&-
	wait "$attended"
	status=$?
	kill "$watch" 2>/dev/null
	exit "$status"
}

end_with_caller() {
	beats '' '' <&4
	kill -s KILL "$attended"
}
