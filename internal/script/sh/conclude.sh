# Libraries: append critical receive
# Ends a change: writes its line into the history, and removes the change record and
# the way back.
# Takes: base, token, key (of the change). The line (JSON) comes as input: it may have
# the words of a release. An empty one means that the history has it already.
main() {
	receive
	critical conclude
}

conclude() {
	no_other_change "$key"
	[ -z "$text" ] || append "$text"
	# A power cut may bring the record back. The next run sees in the history that this
	# change has ended.
	rm -f "$base/.slipway/back" "$base/.slipway/change" || die "cannot remove $base/.slipway/change"
}
