# Libraries: receive append service
# Runs commands in a release's directory, with its environment and its own bin/
# at hand, then starts a one-shot unit, or does one of the two. While they run before the
# switch, the link next leads to the release with its environment, so that a
# unit or a sudo rule for migrations need not name it.
#
# They end with their caller: when the connection is cut, or has been silent for
# 30 s, nothing of this run goes on beside the next one.
# Takes: base, id, env (the key of its environment; empty: none), when (the name
# of the setting that they are given by), unit (empty: none), line (of the
# history: that the unit is started). The commands come as input, and heartbeats
# behind them.
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

# guarded DO END runs DO, and END as soon as the caller is not there any more.
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
	[ -z "$env" ] || . "$base/activations/$env/environment"
	# The release is for reading: what its scripts write goes elsewhere.
	: "${RELEASE_TMP:=$scratch}" "${RELEASE_MUTABLE_DIR:=$scratch}"
	export RELEASE_TMP RELEASE_MUTABLE_DIR
	run_text
}

end_commands() { kill -s TERM "$running"; }

# systemctl waits until a one-shot unit has ended, and fails as it does.
start_unit() { exec sudo -n systemctl start "$unit" 3>&-; }

# That systemctl start is ended stops nothing.
stop_unit() { sudo -n systemctl stop "$unit"; }

end_with_caller() {
	while beat=$(timeout 30 head -c 1 <&4) && [ -n "$beat" ]; do :; done
	echo "the run has gone: what it has started is ended"
	"$1"
}
