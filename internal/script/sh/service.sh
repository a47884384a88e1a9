# What can be seen of a unit, and of the release that its main process runs.

# unit_property NAME prints one property of $unit.
unit_property() { systemctl show --property="$1" "$unit" | sed 's/^[^=]*=//'; }

# running_release PID prints the ID of the release that a process was started
# from. The BEAM's command line names it, because mix's start script resolves
# current; nothing else of the command line is kept or shown: it has the cookie.
running_release() {
	[ "$1" -gt 0 ] 2>/dev/null || return 0
	tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null |
		sed -n "s|^$base/releases/\([0-9]\{8\}T[0-9]\{6\}\)/.*|\1|p" | head -n 1
}

# current_release prints the ID that current points to, if it is one of $base.
current_release() {
	target=$(readlink "$base/current" 2>/dev/null) || return 0
	printf '%s\n' "${target#"$base"/}" | sed -n 's|^releases/\([0-9]\{8\}T[0-9]\{6\}\)/*$|\1|p'
}

show_service() {
	fact now "$(date +%s)"
	pid=$(unit_property MainPID)
	fact load "$(unit_property LoadState)"
	fact active "$(unit_property ActiveState)"
	fact sub "$(unit_property SubState)"
	fact result "$(unit_property Result)"
	fact restarts "$(unit_property NRestarts)"
	fact pid "$pid"
	fact running "$(running_release "$pid")"
	fact current "$(current_release)"
}
