# Libraries: service receive critical
# Makes one release current, with its environment, and restarts the units in their
# order. A cut connection does not stop it in between, so the host always ends up
# running what current points to.
# Takes: base, token, units, link (the new target of current; empty: remove current and
# stop the units), record (the change record to write first; empty: keep the
# existing one), change (the key of the change), restart (systemctl, flag or command), flag (a file). For command,
# the command comes as input.
main() {
	[ "$restart" != command ] || receive
	critical change
}

change() {
	[ -z "$link" ] || [ -d "$base/$link/" ] || die "$base/$link is not there"
	no_other_change "$change"
	if [ -n "$record" ]; then
		write_record && keep_way_back
	else
		is_change "$change" || leads_to_link || die "there is no change record in $base/.slipway, and current does not lead to ${link:-nothing}: another run was here; see 'slipway history'"
	fi
	# A unit that was restarted after this has another invocation ID.
	for unit in $units; do fact before "$unit $(unit_property InvocationID)"; done
	if [ -n "$link" ]; then
		point_current
	else
		rm -f "$base/current" && sync -f "$base" || die "cannot remove $base/current"
	fi
	"restart_by_$restart"
}

# leads_to_link tests whether current already leads to the link: the change may have ended
# before its record was written.
leads_to_link() {
	now=$(readlink "$base/current") || now=
	[ "${now#"$base"/}" = "$link" ]
}

write_record() {
	new=$base/.slipway/change.new
	printf '%s\n' "$record" >"$new" && sync "$new" && mv -T "$new" "$base/.slipway/change" &&
		sync -f "$base/.slipway" || die "cannot write the change record in $base/.slipway"
}

# keep_way_back makes the link that becomes current again if the release does not
# work. A release that fills the disk would leave no room to make it then.
keep_way_back() {
	rm -f "$base/.slipway/back"
	now=$(readlink "$base/current") || return 0 # there is nothing to go back to
	ln -s "${now#"$base"/}" "$base/.slipway/back" || die "cannot write $base/.slipway/back"
}

# point_current switches the link by a rename, so that current always exists.
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
	# After several quick restarts systemd would refuse another one. If the unit
	# never failed there is nothing to reset: systemctl may then fail.
	sudo -n systemctl reset-failed "$unit" || true
	sudo -n systemctl "$1" "$unit" || die "systemctl $1 $unit failed: see the lines above and 'systemctl status $unit'"
	# A unit that keeps failing is still "failed" after it was stopped.
	[ "$1" != stop ] || sudo -n systemctl reset-failed "$unit" || true
}

# A .path unit watches the file. Its contents are only for people.
restart_by_flag() { printf '%s\n' "${link:-stop}" >"$flag" || die "cannot write the restart flag $flag"; }

restart_by_command() { (run_text "" "") || die "the restart command failed with exit status $?: see the lines above"; }

# let_it_boot waits until 2 s after the start of the process: a booting BEAM ignores
# SIGTERM, and systemd would wait for all of TimeoutStopSec. A start in the future
# comes from another clock, and is ignored.
let_it_boot() {
	[ "$(unit_property MainPID)" -gt 0 ] 2>/dev/null || return 0
	sleep "$(awk -v started="$(unit_property ExecMainStartTimestampMonotonic)" '{
		rest = 2 - ($1 - started / 1000000)
		print (rest > 0 && rest <= 2) ? rest : 0 }' /proc/uptime)"
}
