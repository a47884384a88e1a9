# Libraries: append
# Ends a change: writes its line into the history, and removes the change record and
# the way back.
# Takes: base, line (JSON; empty: the history has the line already).
main() {
	trap '' HUP INT TERM PIPE
	[ -z "$line" ] || append
	rm -f "$base/.slipway/back" "$base/.slipway/change" || die "cannot remove $base/.slipway/change"
	sync -f "$base/.slipway"
}
