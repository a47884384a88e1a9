# Libraries: service receive critical
# Makes one release current, with its environment, and restarts the units in
# their order, so that a host runs what current says even if the connection is
# cut at any point.
# Takes: base, units, link (what current is to point to; empty: nothing, and the
# units are stopped), record (the change record to write first; empty: the one
# that is there stays), restart (systemctl, flag or command), flag (a file). For
# command, the command comes as input.
main() {
	[ "$restart" != command ] || receive
	critical change
}

change() {
	[ -z "$link" ] || [ -d "$base/$link/" ] || die "$base/$link is not there"
	[ -z "$record" ] || { write_record && keep_way_back; }
	# A unit that has been started since then has another invocation.
	for unit in $units; do fact before "$unit $(unit_property InvocationID)"; done
	if [ -n "$link" ]; then
		point_current
	else
		rm -f "$base/current" && sync -f "$base" || die "cannot remove $base/current"
	fi
	"restart_by_$restart"
}

write_record() {
	new=$base/.slipway/change.new
	printf '%s\n' "$record" >"$new" && sync "$new" && mv -T "$new" "$base/.slipway/change" &&
		sync -f "$base/.slipway" || die "cannot write the change record in $base/.slipway"
}

# keep_way_back makes the link that current is to be again, should the release
# not work: one that fills the disk leaves no place for a new link then.
keep_way_back() {
	rm -f "$base/.slipway/back"
	now=$(readlink "$base/current") || return 0 # there is nothing to go back to
	ln -s "${now#"$base"/}" "$base/.slipway/back" || die "cannot write $base/.slipway/back"
}

# The link is switched by a rename: at no time is there no current.
point_current() {
	if [ "$(readlink "$base/.slipway/back")" = "$link" ]; then
		mv -T "$base/.slipway/back" "$base/current"
	elif [ "$(readlink "$base/current")" != "$link" ]; then
		rm -f "$base/current.new"
		ln -s "$link" "$base/current.new" && mv -T "$base/current.new" "$base/current"
	fi && sync -f "$base" || die "cannot switch $base/current to $link"
}

restart_by_systemctl() {
	for unit in $units; do
		if [ -n "$link" ]; then service restart; else service stop; fi
	done
}

service() {
	let_it_boot
	# Earlier restarts in a row would make systemd refuse this one. A unit that
	# never failed has nothing to reset, and systemctl is free to say so.
	sudo -n systemctl reset-failed "$unit" || true
	sudo -n systemctl "$1" "$unit" || die "systemctl $1 $unit failed: see the lines above and 'systemctl status $unit'"
	# Stopping a unit that keeps failing leaves it failed.
	[ "$1" != stop ] || sudo -n systemctl reset-failed "$unit" || true
}

# A .path unit watches the file: what is written into it is for people.
restart_by_flag() { printf '%s\n' "${link:-stop}" >"$flag" || die "cannot write the restart flag $flag"; }

restart_by_command() { (run_text) || die "the restart command failed with exit status $?: see the lines above"; }

# A BEAM that is booting ignores SIGTERM, and systemd then waits for as long as
# TimeoutStopSec says. So no process is restarted within 2 s of its start. A start
# in the future is from another clock.
let_it_boot() {
	[ "$(unit_property MainPID)" -gt 0 ] 2>/dev/null || return 0
	sleep "$(awk -v started="$(unit_property ExecMainStartTimestampMonotonic)" '{
		rest = 2 - ($1 - started / 1000000)
		print (rest > 0 && rest <= 2) ? rest : 0 }' /proc/uptime)"
}
