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
	[ -z "$text" ] || has_line || append "$text"
	rm -f "$base/.slipway/back" "$base/.slipway/change" || die "cannot remove $base/.slipway/change"
	sync -f "$base/.slipway"
}

# has_line tests whether the history has the change: the answer of an earlier try may
# have been lost.
has_line() { grep -qF "{\"key\":\"$key\"," "$base/.slipway/history.jsonl" 2>/dev/null; }
