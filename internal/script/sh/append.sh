# append LINE writes a line, a JSON object, to the end of the history, unless its last
# line is about the same change: the answer of an earlier try may have been lost.
append() {
	history=$base/.slipway/history.jsonl
	last=
	# The dot keeps the line break: a power cut may have torn the last line, or turned it
	# into NULs. The new line must not be joined to it.
	[ ! -s "$history" ] || last=$(tail -n 1 "$history"; echo .)
	case $last in
	"${1%%,*},"*"$line_break".) return ;;
	'' | *"$line_break".) ;;
	*) echo >>"$history" ;;
	esac
	printf '%s\n' "$1" >>"$history" && sync "$history" || die "cannot write $history"
}
