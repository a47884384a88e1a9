# The critical section: makes one release current and restarts the unit. It
# finishes without its caller, so that a host runs what current says even if the
# connection is cut at any point.
# Takes: base, unit, id (empty: no release, the unit is stopped), record (the
# change record to write first; empty: the one that is there stays).
main() {
	trap '' HUP INT TERM PIPE
	command exec 9>>"$base/.slipway/critical" || die "cannot write $base/.slipway"
	flock -w 60 9 || die "another change of this host is in progress after 60 s"
	# Whatever is started here must not hold the lock for as long as it lives.
	change 9>&-
}

change() {
	[ -z "$id" ] || [ -d "$base/releases/$id" ] || die "$base/releases/$id is not there"
	[ -z "$record" ] || write_record
	if [ -n "$id" ]; then
		point_current
		service restart
	else
		rm -f "$base/current" || die "cannot remove $base/current"
		sync -f "$base"
		service stop
		# Stopping a unit that keeps failing leaves it failed.
		sudo -n systemctl reset-failed "$unit" || true
	fi
}

write_record() {
	new=$base/.slipway/change.new
	printf '%s\n' "$record" >"$new" && sync "$new" && mv -T "$new" "$base/.slipway/change" &&
		sync -f "$base/.slipway" || die "cannot write the change record in $base/.slipway"
}

# The link is switched by a rename: at no time is there no current.
point_current() {
	rm -f "$base/current.new"
	ln -s "releases/$id" "$base/current.new" && mv -T "$base/current.new" "$base/current" &&
		sync -f "$base" || die "cannot switch $base/current to releases/$id"
}

service() {
	let_it_boot
	# Earlier restarts in a row would make systemd refuse this one. A unit that
	# never failed has nothing to reset, and systemctl is free to say so.
	sudo -n systemctl reset-failed "$unit" || true
	sudo -n systemctl "$1" "$unit" || die "systemctl $1 $unit failed: see the lines above and 'systemctl status $unit'"
}

# A BEAM that is booting ignores SIGTERM, and systemd then waits for as long as
# TimeoutStopSec says. To be 2 s late is better than that.
let_it_boot() {
	[ "$(unit_property MainPID)" -gt 0 ] 2>/dev/null || return 0
	started=$(unit_property ExecMainStartTimestampMonotonic)
	sleep "$(awk -v started="$started" '{ rest = 2 - ($1 - started / 1000000); print (rest > 0 && rest <= 2) ? rest : 0 }' /proc/uptime)"
}
