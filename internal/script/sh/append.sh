# append LINE writes a line, a JSON object, to the end of the history.
append() {
	history=$base/.slipway/history.jsonl
	# A power cut may have torn the last line, or turned it into NULs. The new line
	# must not be joined to it.
	if [ -s "$history" ] && [ "$(tail -c 1 "$history" | wc -l)" -eq 0 ]; then echo >>"$history"; fi
	printf '%s\n' "$1" >>"$history" && sync "$history" || die "cannot write $history"
}
