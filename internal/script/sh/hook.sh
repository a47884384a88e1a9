# Libraries: receive append beats critical
# Runs commands in a release's directory with its environment, then starts a one-shot
# unit; either may be missing. Before the switch, the link next points to the release
# with its environment meanwhile, so that a unit or a sudo rule for migrations need
# not name the release.
#
# Both end with their caller: when the connection is cut, has been silent for 30 s, or
# another run has the lock. Until then this script holds the work lock, and the next run
# waits for it. So nothing of this run can overlap with the next one.
# Takes: base, token, id, env (the key of its environment; empty: none), when (the
# setting that gives the commands), unit (empty: none), line (of the history, which
# records that the unit is started). The commands come as input, followed by heartbeats.
main() {
	exec 4<&0
	receive
	# A caller that has gone must not end this script before it has cleaned up.
	begin_work
	trap '' HUP PIPE
	status=0
	[ -z "$text" ] || guarded run_in_release end_commands
	commands_status=$status
	if [ -n "$unit" ] && [ "$status" = 0 ]; then
		critical record_start
		trap '' HUP PIPE
		fact started "$unit"
		guarded start_unit stop_unit
	fi
	rm -rf "$base/next" "$scratch"
	: >"$base/.slipway/work"
	case $commands_status in
	0) ;;
	124 | 137) die "the commands of $when did not end within 600 s" ;;
	*) die "the commands of $when failed with exit status $commands_status: see the lines above" ;;
	esac
	[ "$status" = 0 ] || die "$unit failed ($(systemctl show --property=Result "$unit" | sed 's/^Result=//')): its log says why; see the lines above and 'systemctl status $unit'"
}

# begin_work takes the work lock first: a run that takes over makes its token count
# first, then waits for this lock if there is a mark in its file. So the mark comes
# before the token is checked.
begin_work() {
	command exec 7>>"$base/.slipway/work" || die "cannot write $base/.slipway"
	flock -w 60 7 || die "earlier commands of this run still run after 60 s: see 'fuser $base/.slipway/work'"
	is_ours || fenced
	echo "$token" >"$base/.slipway/work" || die "cannot write $base/.slipway/work"
	critical make_place
	cd "$base/releases/$id" || die "cannot use $base/releases/$id"
}

make_place() {
	scratch=$base/.slipway/scratch.$token
	rm -rf "$scratch"
	mkdir "$scratch" || die "cannot create $scratch"
	[ "$when" = after-activate ] || ln -sfT "$(release_link)" "$base/next" || die "cannot write $base/next"
}

release_link() {
	if [ -n "$env" ]; then echo "activations/$env/release"; else echo "releases/$id"; fi
}

record_start() { append "$line"; }

# guarded DO END runs DO, and runs END as soon as the caller has gone.
guarded() {
	start_without_locks "$1" &
	running=$!
	end_with_caller "$2" 3>&- &
	watch=$!
	wait "$running"
	status=$?
	kill "$watch" 2>/dev/null
}

start_without_locks() {
	exec 4<&- 7>&-
	trap - HUP PIPE
	"$1"
}

run_in_release() { run_text "${env:+$base/activations/$env/environment}" "$scratch"; }

# end_commands waits for their end: timeout(1) kills what does not end.
end_commands() {
	kill -s TERM "$running"
	while kill -0 "$running" 2>/dev/null; do sleep 0.2; done
}

# start_unit waits until the one-shot unit has ended, and fails if the unit does.
start_unit() { exec sudo -n systemctl start "$unit" 3>&-; }

# stop_unit stops the unit itself: ending "systemctl start" would not.
stop_unit() { sudo -n systemctl stop "$unit" >/dev/null 2>&1; }

# end_with_caller acts first and speaks later: nobody may be there to read it.
end_with_caller() {
	beats "$base/.slipway/fence" "$token" <&4 7>&-
	"$1"
	echo "the run has gone: ended what it had started"
}
