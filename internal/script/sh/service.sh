# Finds out the state of the units, and the release that their main processes run.

# unit_property NAME prints one property of $unit.
unit_property() { systemctl show --property="$1" "$unit" | sed 's/^[^=]*=//'; }

# show_units reports for each of $units its state in systemd's words, and the release
# that it runs.
# shellcheck disable=SC2154 # the scripts that call this take units
show_units() {
	for unit in $units; do
		state=$(systemctl show --property=LoadState,ActiveState,SubState,Result,NRestarts,MainPID,InvocationID "$unit") ||
			die "systemctl show $unit failed: see the lines above"
		fact unit "$unit"
		printf '%s\n' "$state" >&3
		fact running "$(running_release "$(printf '%s\n' "$state" | sed -n 's/^MainPID=//p')")"
	done
}

# running_release PID prints the ID of the release from which a process was started.
# The BEAM's command line names it, since mix's start script resolves the link current.
# Nothing else of the command line is kept or shown: it contains the cookie.
running_release() {
	[ "$1" -gt 0 ] 2>/dev/null || return 0
	releases_named '' <"/proc/$1/cmdline" 2>/dev/null | head -n 1
}

# releases_named FRONT prints the IDs of the releases in command lines, where FRONT
# matches the text before the path. A start script that resolves links has also
# resolved those in the path of the releases' directory.
releases_named() {
	resolved=$(cd "$base/releases" 2>/dev/null && pwd -P)
	case $resolved in
	'' | *[!A-Za-z0-9/._-]*) resolved=$base/releases ;; # sed would take it for a pattern
	esac
	stamp='\([0-9]\{8\}T[0-9]\{6\}\)'
	tr '\0' '\n' | sed -n -e "s|^$1$base/releases/$stamp/.*|\1|p" -e "s|^$1$resolved/$stamp/.*|\1|p"
}

# show_current reports the release that current points to, and the key of its
# environment.
show_current() {
	link=$(readlink "$base/current" 2>/dev/null) || return 0
	link=${link#"$base"/}
	environment=
	case $link in
	activations/*/release)
		environment=${link#activations/}
		environment=${environment%/release}
		link=$(readlink "$base/$link")
		link=${link#../../}
		;;
	esac
	id=$(printf '%s\n' "$link" | sed -n 's|^releases/\([0-9]\{8\}T[0-9]\{6\}\)/*$|\1|p')
	[ -n "$id" ] || return 0
	fact current "$id"
	fact current_env "$environment"
}
