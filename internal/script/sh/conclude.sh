# Ends a change: writes its line into the history and removes its record, and the
# way back.
# Takes: base, line (JSON; empty: the line is there already).
main() {
	trap '' HUP INT TERM PIPE
	[ -z "$line" ] || append
	rm -f "$base/.slipway/back" "$base/.slipway/change" || die "cannot remove $base/.slipway/change"
	sync -f "$base/.slipway"
}

append() {
	history=$base/.slipway/history.jsonl
	# A power cut may have torn the last line, or made NULs of it; the new one
	# must not join it.
	if [ -s "$history" ] && [ "$(tail -c 1 "$history" | wc -l)" -eq 0 ]; then echo >>"$history"; fi
	printf '%s\n' "$line" >>"$history" && sync "$history" || die "cannot write $history"
}
