# critical FUNCTION runs a part of a change that finishes without its caller: a
# connection that is cut does not end it, and the next run waits for it.
critical() {
	trap '' HUP INT TERM PIPE
	command exec 9>>"$base/.slipway/critical" || die "cannot write $base/.slipway"
	flock -w 300 9 || die "another change of this host is in progress after 300 s"
	# Whatever is started here must not hold the lock for as long as it lives.
	"$1" 9>&-
}
