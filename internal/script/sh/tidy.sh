# Libraries: critical
# Removes the leftovers of runs that died. Takes: base, token.
main() { critical tidy; }

tidy() {
	rm -rf "$base"/releases/*.part "$base/current.new" "$base/next" "$base/launch.new" "$base"/.slipway/scratch* "$base/.slipway/change.new" "$base"/.slipway/releases/*.* ||
		die "cannot remove the leftovers of dead runs in $base: see the lines above"
	# The run that repairs a dead run's change still needs the way back.
	read_record
	[ -n "$found" ] || rm -f "$base/.slipway/back" "$base/.slipway/change"
}
