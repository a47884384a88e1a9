# Libraries: receive append service
# Runs commands in a release's directory with its environment, then starts a one-shot
# unit; either may be missing. Before the switch, the link next points to the release
# with its environment meanwhile, so that a unit or a sudo rule for migrations need
# not name the release.
#
# Both end with their caller: when the connection is cut, or has been silent for 30 s.
# So nothing of this run can overlap with the next one.
# Takes: base, id, env (the key of its environment; empty: none), when (the setting
# that gives the commands), unit (empty: none), line (of the history, which records
# that the unit is started). The commands come as input, followed by heartbeats.
main() {
	exec 4<&0
	receive
	scratch=$base/.slipway/scratch
	rm -rf "$scratch"
	mkdir "$scratch" && cd "$base/releases/$id" || die "cannot use $base/releases/$id and $scratch"
	[ "$when" = after-activate ] || ln -sfT "$(release_link)" "$base/next" || die "cannot write $base/next"
	status=0
	[ -z "$text" ] || guarded run_in_release end_commands
	commands_status=$status
	if [ -n "$unit" ] && [ "$status" = 0 ]; then
		append
		fact started "$unit"
		guarded start_unit stop_unit
	fi
	rm -rf "$base/next" "$scratch"
	case $commands_status in
	0) ;;
	124 | 137) die "the commands of $when did not end within 600 s" ;;
	*) die "the commands of $when failed with exit status $commands_status: see the lines above" ;;
	esac
	[ "$status" = 0 ] || die "$unit failed ($(unit_property Result)): its log says why; see the lines above and 'systemctl status $unit'"
}

release_link() {
	if [ -n "$env" ]; then echo "activations/$env/release"; else echo "releases/$id"; fi
}

# guarded DO END runs DO, and runs END as soon as the caller has gone.
guarded() {
	"$1" 4<&- &
	running=$!
	end_with_caller "$2" 3>&- &
	watch=$!
	wait "$running"
	status=$?
	kill "$watch" 2>/dev/null
}

run_in_release() {
	# shellcheck disable=SC1090 # only the host has it
	[ -z "$env" ] || . "$base/activations/$env/environment"
	# The release is read-only: its scripts must write elsewhere.
	: "${RELEASE_TMP:=$scratch}" "${RELEASE_MUTABLE_DIR:=$scratch}"
	export RELEASE_TMP RELEASE_MUTABLE_DIR
	run_text
}

end_commands() { kill -s TERM "$running"; }

# start_unit waits until the one-shot unit has ended, and fails if the unit does.
start_unit() { exec sudo -n systemctl start "$unit" 3>&-; }

# stop_unit stops the unit itself: ending "systemctl start" would not.
stop_unit() { sudo -n systemctl stop "$unit"; }

end_with_caller() {
	# Whatever still waits when the script ends must not hold the log open.
	while { beat=$(timeout 30 head -c 1 <&4); } 2>/dev/null && [ -n "$beat" ]; do :; done
	echo "the run has gone: ending what it started"
	"$1"
}
