# Removes what runs that died have left. Takes: base.
main() {
	rm -rf "$base"/releases/*.part "$base/current.new" "$base/next" "$base/launch.new" "$base/.slipway/scratch" "$base/.slipway/change.new" ||
		die "cannot remove what is left of dead runs in $base: see the lines above"
	# Who takes a dead run's change back needs its way back.
	[ -e "$base/.slipway/change" ] || rm -f "$base/.slipway/back"
}
