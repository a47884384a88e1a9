# critical FUNCTION runs a part of a change that must finish even without its caller:
# a cut connection does not end it, and the next run waits for it.
#
# It runs nothing unless this run still holds the host's lock. A run that stood still
# for too long has lost it without noticing.
critical() {
	trap '' HUP INT TERM PIPE
	command exec 9>>"$base/.slipway/critical" || die "cannot write $base/.slipway"
	flock -w 300 9 || die "another change of this host is in progress after 300 s: see 'fuser $base/.slipway/critical'"
	is_ours || fenced
	# Processes that this starts must not inherit the lock and keep it.
	"$1" 9>&-
	critical_status=$?
	exec 9>&-
	trap - HUP INT TERM PIPE
	return "$critical_status"
}

# is_ours tests whether the last one who took the lock is this run, and still has it.
# shellcheck disable=SC2154 # the scripts that call this take token
is_ours() {
	fence=
	{ read -r _ fence <"$base/.slipway/fence"; } 2>/dev/null
	[ -n "$token" ] && [ "$fence" = "$token" ]
}

fenced() {
	holder=
	[ -z "$fence" ] || holder=$(head -n 1 "$base/.slipway/lock" 2>/dev/null)
	fact fenced "$holder"
	[ -z "$fence" ] || die "this run has lost the lock to another run: ${holder:-it has ended}"
	die "this run has lost the lock: it was silent for more than 30 s"
}

# is_change KEY tests whether the change record is that of a change.
is_change() {
	read_record
	case $found in
	"{\"key\":\"$1\","*) ;;
	*) return 1 ;;
	esac
}

# read_record sets $found to the change record. A record without its end is from a power
# cut: that change had not switched anything yet, so it is none.
read_record() {
	found=
	{ IFS= read -r found <"$base/.slipway/change"; } 2>/dev/null
	case $found in '{'*'}') ;; *) found= ;; esac
}

# no_other_change KEY refuses to go on if another change has left its record.
no_other_change() {
	is_change "$1" || [ -z "$found" ] ||
		die "$base/.slipway/change is the record of another change: another run was here; see 'slipway history'"
}
