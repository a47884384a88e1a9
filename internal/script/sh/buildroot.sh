# Where things lie on the build host, below the home of the user that builds:
#
#	slipway/mirrors/KEY.git          a mirror per repository, kept
#	slipway/ORG/APP/checkout         the tree that is being built, new each time
#	slipway/ORG/APP/state/KEY/       deps and _build of builds that ended well
#	slipway/ORG/APP/scratch/         of the build under way; nothing secret
#	slipway/ORG/APP/artifacts/ID/    manifest.json and the release in tree/
#	slipway/ORG/APP/artifacts/ID.part/  being built; never deployed
root=$HOME/slipway

# A build's processes carry this mark in their environment, so that none can
# outlive it: a connection that is cut leaves a compiler running.
mark_build() { export SLIPWAY_BUILD="$root/$app"; }

# reap ends what an earlier build of this application has left running.
reap() {
	for signal in TERM KILL; do
		for try in 0 1 2 3 4 5 6 7 8 9; do
			pids=$(left_running)
			[ -n "$pids" ] || return 0
			# Word splitting is meant. A process may be gone by now.
			[ "$try" != 0 ] || kill -s "$signal" $pids 2>/dev/null
			sleep 0.2
		done
	done
	die "processes of an earlier build of $app do not end: $pids"
}

left_running() {
	grep -lzxF "SLIPWAY_BUILD=$root/$app" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | tr '\n' ' '
}

free_mb() { df -Pk "$root/$app" | awk 'NR == 2 { print int($4 / 1024) }'; }

# failed is die for what a full disk may have caused.
failed() {
	free=$(free_mb)
	[ "${free:-0}" -ge 16 ] || die "the build server's disk is full: $free MB are free below $root. Free some, or lower keep-artifacts; then run the build again"
	die "$*"
}

enter_project() {
	checkout=$root/$app/checkout
	cd "$checkout/$dir" 2>/dev/null || die "the repository has no directory $dir: see project-dir"
	[ -f mix.exs ] || die "there is no mix.exs in $([ "$dir" = . ] && echo "the repository's top" || echo "$dir") of the repository: name the directory that has it as project-dir"
}

# at_least compares versions: whether the first is the second or newer.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
