# beats FENCE TOKEN returns when the caller has gone: when stdin has ended, or no byte
# has come for 30 s; or when the file FENCE (unless that is empty) no longer has this
# token.
#
# bash can read with a time limit, so that a heartbeat starts no program. Without bash,
# each starts two.
beats() {
	if command -v bash >/dev/null; then
		bash -c '
			while IFS= read -r -n 1 -t 30 beat && [ -n "$beat" ]; do
				[ -z "$1" ] || { read -r _ fence <"$1" && [ "$fence" = "$2" ]; } || exit
			done' bash "$1" "$2"
	else
		while beat=$(timeout 30 head -c 1) && [ -n "$beat" ]; do
			[ -z "$1" ] || { read -r _ fence <"$1" && [ "$fence" = "$2" ]; } || break
		done
	fi >/dev/null 2>&1 3>&-
}
