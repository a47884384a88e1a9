# Libraries: beats chroot
# Holds a lock for as long as the caller lives: until the connection ends, or no byte
# has come for 30 s. Then the token of this acquisition counts no more, so what is left
# of the run can change nothing: see critical.sh.
# Takes: dir, deep (yes: create its parent directories too), holder (one line: who,
# since when, from which run), run (the caller's key), name (the caller's name for this
# machine), token (new for each acquisition), again (yes: wait only for the same run,
# which has lost its connection), wait (how many seconds to wait if the lock is taken), clock
# (yes: report this machine's time).
main() {
	trap '' PIPE
	see_host
	make_dir || die "cannot create $dir: give the directory above it to $(id -un)"
	command exec 8>>"$dir/lock" || die "cannot write $dir/lock: give $dir to $(id -un)"
	flock -n 8 || wait_for_lock
	printf '%s\n%s %s\n' "$holder" "$run" "$name" >"$dir/lock"
	take_over
	[ "$clock" != yes ] || fact now "$(date -u +%Y%m%dT%H%M%S)"
	ready
	beats '' '' 8>&-
	let_go
}

# make_dir does not create the parents of $dir on a host: the setup phase makes the
# application's directory.
make_dir() {
	[ -d "$dir" ] && return
	if [ "$deep" = yes ]; then mkdir -p "$dir"; else mkdir -m 0700 "$dir" 2>/dev/null; fi
}

wait_for_lock() {
	other='' other_run='' other_name=''
	# The holder may be about to write its name, or to end.
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		if read_holder; then break; fi
		flock -w 0.1 8 && return
	done
	patience=$wait
	if [ -n "$run" ] && [ "$other_run" = "$run" ]; then
		[ "$again" = yes ] || {
			fact same "$other_name"
			die "this is the same machine and directory as $other_name: name it once"
		}
		fact working yes
	else
		[ "$again" = no ] || patience=0
		fact held "${other:=a run that has not said its name}"
	fi
	[ "$patience" -gt 0 ] || held "held by another run"
	flock -w "$patience" 8 || held "held by another run, after waiting for $patience s"
}

# held REASON ends the script. The lock may have got another holder while this waited.
held() {
	if read_holder && [ -n "$other" ]; then die "$1: $other"; fi
	die "$1, which has not said who it is: see 'fuser $dir/lock'"
}

read_holder() {
	{ IFS= read -r other && IFS=' ' read -r other_run other_name; } <"$dir/lock"
}

# take_over makes the new token the only one that counts. A script of an earlier run
# may still be in its critical section, and commands that it started may still run: then
# they have left their mark in work.
take_over() {
	command exec 9>>"$dir/critical" 7>>"$dir/work" || die "cannot write $dir/critical and $dir/work: give $dir to $(id -un)"
	flock -w 120 9 || die "an earlier run's change is still in progress after 120 s: see 'fuser $dir/critical'"
	read_fence
	case $turn in '' | *[!0-9]*) turn=0 ;; esac
	fact turn "$((turn += 1))"
	write_fence "$token" || die "cannot write $dir/fence: see the lines above (is the disk full?)"
	exec 9>&-
	[ ! -s "$dir/work" ] || wait_for_work
	exec 7>&-
}

wait_for_work() {
	flock -n 7 || {
		fact working yes
		flock -w 150 7 || die "what an earlier run started here still runs after 150 s: see 'fuser $dir/work'"
	}
	: >"$dir/work"
}

# let_go needs no lock but the one that this holds: nobody else writes the token.
let_go() {
	read_fence
	[ "$fence" != "$token" ] || write_fence ''
	: >"$dir/lock"
}

read_fence() {
	fence='' turn=''
	{ read -r turn fence <"$dir/fence"; } 2>/dev/null
}

# write_fence writes over the last turn and token, all of which are equally long: a full
# disk has no room for a new file. Who changes the host reads it in the critical section,
# as this is.
write_fence() { printf '%10d %-26s\n' "$turn" "$1" 1<>"$dir/fence"; }
