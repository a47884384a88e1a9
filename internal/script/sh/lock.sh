# Holds a lock for as long as the caller lives: until the connection ends, or no byte
# has come for 30 s.
# Takes: dir, deep (yes: create its parent directories too), holder (one line: who,
# since when, from which run), wait (how many seconds to wait if the lock is taken).
main() {
	make_dir || die "cannot create $dir: give the directory above it to $(id -un)"
	command exec 8>>"$dir/lock" || die "cannot write $dir/lock: give $dir to $(id -un)"
	flock -n 8 || wait_for_lock
	printf '%s\n' "$holder" >"$dir/lock"
	# A script of a run that has gone may still be in its critical section.
	command exec 9>>"$dir/critical" || die "cannot write $dir/critical: give $dir to $(id -un)"
	flock -w 120 9 || die "an earlier run's change is still in progress after 120 s: see 'fuser $dir/critical'"
	exec 9>&-
	fact now "$(date -u +%Y%m%dT%H%M%S)"
	ready
	while beat=$(exec 8>&-; exec timeout 30 head -c 1) && [ -n "$beat" ]; do :; done
}

# make_dir does not create the parents of $dir on a host: the setup phase makes the
# application's directory.
make_dir() {
	[ -d "$dir" ] && return
	if [ "$deep" = yes ]; then mkdir -p "$dir"; else mkdir -m 0700 "$dir" 2>/dev/null; fi
}

wait_for_lock() {
	fact held "$(cat "$dir/lock")"
	[ "$wait" -gt 0 ] || die "held by another run: $(cat "$dir/lock")"
	flock -w "$wait" 8 || die "held by another run, after waiting for $wait s: $(cat "$dir/lock")"
}
