# Libraries: service receive critical
# Makes one release current, with its environment, and restarts the units in their
# order. A cut connection does not stop it in between, so the host always ends up
# running what current points to.
# Takes: base, token, units, link (the new target of current; empty: remove current and
# stop the units), back (with a record: the target of current now; empty: none), record
# (the change record to write first; empty: keep the existing one), change (the key of
# the change), restart (systemctl, flag or command), flag (a file). For command, the
# command comes as input.
main() {
	[ "$restart" != command ] || receive
	critical change
}

change() {
	[ -z "$link" ] || [ -d "$base/$link/" ] || die "$base/$link is not there"
	no_other_change "$change"
	if [ -n "$record" ]; then
		[ -n "$found" ] || write_record && keep_way_back
	else
		[ -n "$found" ] || leads_to_link || die "there is no change record in $base/.slipway, and current does not lead to ${link:-nothing}: another run was here; see 'slipway history'"
	fi
	befores=
	# shellcheck disable=SC2086 # names of units
	for_units show_before InvocationID,MainPID,ExecMainStartTimestampMonotonic $units
	if [ -n "$link" ]; then
		point_current
	else
		rm -f "$base/current" && sync "$base" || die "cannot remove $base/current"
	fi
	"restart_by_$restart"
}

# show_before reports a unit's invocation: a unit that was restarted after this has
# another one.
# shellcheck disable=SC2154 # for_units sets them
show_before() {
	fact before "$unit $is_InvocationID"
	befores="$befores $unit ${is_MainPID:-0} ${is_ExecMainStartTimestampMonotonic:-0}"
}

# leads_to_link tests whether current already leads to the link: the change may have ended
# before its record was written.
leads_to_link() {
	now=$(readlink "$base/current") || now=
	[ "${now#"$base"/}" = "$link" ]
}

# write_record needs no other name for the file meanwhile: see read_record.
write_record() {
	printf '%s\n' "$record" >"$base/.slipway/change" && sync "$base/.slipway/change" "$base/.slipway" && return
	: >"$base/.slipway/change"
	die "cannot write the change record in $base/.slipway"
}

# keep_way_back makes the link that becomes current again if the release does not
# work. A release that fills the disk would leave no room to make it then.
keep_way_back() {
	if [ -n "$back" ] && [ -h "$base/current" ]; then
		ln -sfT "$back" "$base/.slipway/back"
	else
		[ ! -h "$base/.slipway/back" ] || rm -f "$base/.slipway/back"
	fi || die "cannot write $base/.slipway/back"
}

# point_current switches the link by a rename, so that current always exists.
point_current() {
	if [ -z "$record" ] && [ "$(readlink "$base/.slipway/back")" = "$link" ]; then
		mv -T "$base/.slipway/back" "$base/current"
	elif [ -n "$record" ] || ! leads_to_link; then
		ln -sfT "$link" "$base/current.new" && mv -T "$base/current.new" "$base/current"
	fi && sync "$base" || die "cannot switch $base/current to $link"
}

restart_by_systemctl() {
	# shellcheck disable=SC2086 # three words for each unit
	set -- $befores
	while [ $# -gt 0 ]; do
		unit=$1
		let_it_boot "$2" "$3"
		if [ -n "$link" ]; then restart_unit; else stop_unit; fi
		shift 3
	done
}

# restart_unit starts a unit again that systemd refuses to start after several quick
# restarts. The result may not say so: that of a release which kept failing remains.
restart_unit() {
	sudo -n systemctl restart "$unit" && return
	case $(systemctl show --property=Result "$unit") in
	Result=success | Result=timeout) false ;; # another try would be no better, or as slow
	*) sudo -n systemctl reset-failed "$unit" && sudo -n systemctl restart "$unit" ;;
	esac || die "systemctl restart $unit failed: see the lines above and 'systemctl status $unit'"
}

# stop_unit also resets the state of a unit that keeps failing: it would be "failed" after
# it was stopped. If it never failed, there is nothing to reset: systemctl may then fail.
stop_unit() {
	sudo -n systemctl stop "$unit" || die "systemctl stop $unit failed: see the lines above and 'systemctl status $unit'"
	sudo -n systemctl reset-failed "$unit" || true
}

# let_it_boot PID STARTED waits until 2 s after the start of the process, which systemd
# gives in microseconds since boot: a booting BEAM ignores SIGTERM, and systemd would wait
# for all of TimeoutStopSec. A start in the future comes from another clock, and is
# ignored.
let_it_boot() {
	[ "$1" -gt 0 ] && read -r up _ </proc/uptime || return 0
	rest=$((200 + $2 / 10000 - ${up%.*} * 100 - (1${up#*.} - 100))) # in hundredths of a second
	[ "$rest" -le 0 ] || [ "$rest" -gt 200 ] || sleep "$((rest / 100)).$(printf %02d $((rest % 100)))"
}

# A .path unit watches the file. Its contents are only for people.
restart_by_flag() { printf '%s\n' "${link:-stop}" >"$flag" || die "cannot write the restart flag $flag"; }

restart_by_command() { (run_text "" "") || die "the restart command failed with exit status $?: see the lines above"; }
