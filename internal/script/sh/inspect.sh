# Says everything about a host that a plan needs; changes nothing.
# Takes: base, unit.
main() {
	fact os "$(uname -s)"
	fact arch "$(uname -m)"
	fact user "$(id -un)"
	fact base "$(entry_kind "$base")"
	fact current_kind "$(entry_kind "$base/current")"
	for dir in "$base" "$base/releases" "$base/.slipway"; do
		[ -d "$dir" ] && [ -w "$dir" ] || fact unwritable "$dir"
	done
	fact free_kib "$(df -Pk "$base" 2>/dev/null | awk 'NR == 2 { print $4 }')"
	fact free_inodes "$(df -Pi "$base" 2>/dev/null | awk 'NR == 2 { print $4 }')"
	for action in restart stop reset-failed; do
		sudo -n -l systemctl "$action" "$unit" >/dev/null 2>&1 || fact not_allowed "$action"
	done
	show_service
	list_releases
	[ ! -f "$base/.slipway/change" ] || fact change "$(head -n 1 "$base/.slipway/change")"
	# awk ends also a last line that a power cut took the line break from.
	[ ! -f "$base/.slipway/history.jsonl" ] || awk '{ print "history=" $0 }' "$base/.slipway/history.jsonl" >&3
}

entry_kind() {
	if [ -h "$1" ]; then echo link
	elif [ -d "$1" ]; then echo dir
	elif [ -e "$1" ]; then echo other
	else echo none
	fi
}

list_releases() {
	for dir in "$base"/releases/*/; do
		name=${dir%/}
		name=${name##*/}
		case $name in
		*.part) fact leftover "$name" ;;
		[0-9]*T[0-9]*) fact release "$name" ;;
		esac
	done
}
