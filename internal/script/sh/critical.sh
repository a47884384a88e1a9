# critical FUNCTION runs a part of a change that must finish even without its caller:
# a cut connection does not end it, and the next run waits for it.
critical() {
	trap '' HUP INT TERM PIPE
	command exec 9>>"$base/.slipway/critical" || die "cannot write $base/.slipway"
	flock -w 300 9 || die "another change of this host is in progress after 300 s"
	# Processes that this starts must not inherit the lock and keep it.
	"$1" 9>&-
}
