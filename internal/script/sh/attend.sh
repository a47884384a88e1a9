# Libraries: receive
# Runs one command of sudo for a person, with the streams as they are, and ends it
# with its caller: when the connection is cut, or has been silent for 30 s.
#
# What sudo runs belongs to another user, whom no signal of this one reaches. So
# script(1) gives it a terminal of its own that nothing is written to: when that
# is taken away, the kernel itself sends SIGHUP to all that runs on it.
# Takes: command. What it gets as stdin comes as input, and heartbeats behind it.
main() {
	exec 4<&0
	receive
	# Bytes are bytes for these scripts; what runs has a locale of its own.
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
	while beat=$(timeout 30 head -c 1 <&4) && [ -n "$beat" ]; do :; done
	kill -s KILL "$attended"
}
