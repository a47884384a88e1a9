# Runs commands in a release's directory, with its environment and its own bin/
# at hand. While they run before the switch, the link next leads to the release,
# so that a unit or a sudo rule for migrations need not name it.
#
# The commands end with their caller: when the connection is cut, or has been
# silent for 30 s, nothing of this run goes on beside the next one.
# Takes: base, id, env (the key of its environment; empty: none), when (the name
# of the setting that they are given by). The commands come as input, and
# heartbeats behind them.
main() {
	exec 4<&0
	receive
	scratch=$base/.slipway/scratch
	rm -rf "$scratch"
	mkdir "$scratch" && cd "$base/releases/$id" || die "cannot use $base/releases/$id and $scratch"
	[ "$when" = after-activate ] || ln -sfT "releases/$id" "$base/next" || die "cannot write $base/next"
	run_in_release 4<&- &
	commands=$!
	end_with_caller 3>&- &
	watch=$!
	wait "$commands"
	status=$?
	kill "$watch" 2>/dev/null
	rm -rf "$base/next" "$scratch"
	case $status in
	0) ;;
	124 | 137) die "the commands of $when did not end within 600 s" ;;
	*) die "the commands of $when failed with exit status $status: see the lines above" ;;
	esac
}

run_in_release() {
	[ -z "$env" ] || . "$base/activations/$env/environment"
	# The release is for reading: what its scripts write goes elsewhere.
	: "${RELEASE_TMP:=$scratch}" "${RELEASE_MUTABLE_DIR:=$scratch}"
	export RELEASE_TMP RELEASE_MUTABLE_DIR
	run_text
}

end_with_caller() {
	while beat=$(timeout 30 head -c 1 <&4) && [ -n "$beat" ]; do :; done
	echo "the run has gone: its commands are ended"
	kill -s TERM "$commands"
}
