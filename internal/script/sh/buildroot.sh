# The directories on the build host, below the home of the user that builds:
#
#	slipway/mirrors/KEY.git          a mirror per repository, kept
#	slipway/ORG/APP/checkout         the tree that is being built, new each time
#	slipway/ORG/APP/state/KEY/       deps and _build of successful builds
#	slipway/ORG/APP/answers          what mix.exs answered last: see answers.sh
#	slipway/ORG/APP/elf              what known ELF files need: see elf.sh
#	slipway/ORG/APP/scratch/         temporary files of the running build; no secrets
#	slipway/ORG/APP/artifacts/ID/    manifest.json and the release in tree/
#	slipway/ORG/APP/artifacts/ID.part/  being built; never deployed
root=$HOME/slipway

# mirror_of URL sets git_dir to the repository's mirror.
# shellcheck disable=SC2034 # some scripts use git_dir
mirror_of() {
	sum=$(printf '%s' "$1" | sha256sum | cut -c1-12)
	name=$(basename "${1##*:}" .git | tr -c 'A-Za-z0-9_.\n-' _)
	git_dir=$root/mirrors/$name-$sum.git
}

# must_list ends the script if a directory is there and its names cannot be read.
must_list() {
	[ ! -d "$1" ] || { [ -r "$1" ] && [ -x "$1" ]; } || die "$(id -un) cannot read $1: 'chown -R $(id -un) $1' as root"
}

# owned refuses to go on if another build has taken the lock since this one did: that
# build has ended this one's processes, and uses its directories.
# shellcheck disable=SC2154 # the scripts that call this take app and token
owned() {
	fence=''
	{ read -r _ fence <"$root/$app/fence"; } 2>/dev/null
	[ "$fence" != "$token" ] || [ -z "$token" ] || return 0
	holder=
	[ -z "$fence" ] || holder=$(head -n 1 "$root/$app/lock" 2>/dev/null)
	fact fenced "$holder"
	die "this build has lost its lock${holder:+ to another one: $holder}"
}

# mark_build marks the environment of all processes of a build, so that reap finds
# them: a cut connection leaves a compiler running.
# shellcheck disable=SC2154 # the scripts that call this take app
mark_build() { export SLIPWAY_BUILD="$root/$app"; }

# reap ends the processes that other builds of this application have left running:
# first their scripts, so that none goes on, then all that those had started. The
# scripts of the build in $spare are not touched.
reap() {
	for find in stray_scripts stray_programs; do
		for signal in TERM KILL; do
			for try in 0 1 2 3 4 5 6 7 8 9; do
				pids=$("$find" | tr '\n' ' ')
				[ -n "$pids" ] || continue 3
				# Word splitting is intended. A process may have ended by now, and have
				# started another one before.
				# shellcheck disable=SC2086 # one argument for each process
				[ "$try$signal" = "${try#0}TERM" ] || kill -s "$signal" $pids 2>/dev/null
				sleep 0.2
			done
		done
		die "processes of an earlier build of $app do not end: $pids"
	done
}

# stray_scripts prints the scripts of other builds. Such a script, and each of its
# subshells, has build.ID and app.APP among its arguments; APP is encoded.
# shellcheck disable=SC2154 # the scripts that call this set spare
stray_scripts() {
	arg=app.$(printf '%s' "$app" | sed 's/_/_137/g; s,/,_057,g')
	grep -lzxF -- "$arg" /proc/[0-9]*/cmdline 2>/dev/null | while IFS=/ read -r _ _ pid _; do
		! grep -qzxF "build.$spare" "/proc/$pid/cmdline" 2>/dev/null && grep -qz '^build\.' "/proc/$pid/cmdline" 2>/dev/null &&
			grep -qzxF "HOME=$HOME" "/proc/$pid/environ" 2>/dev/null && echo "$pid"
	done
}

# stray_programs prints all marked processes except epmd, which serves all nodes of
# the machine.
stray_programs() {
	grep -lzxF "SLIPWAY_BUILD=$root/$app" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = epmd ] || echo "$pid"
	done
}

free_mb() { df -Pk "$root/$app" | awk 'NR == 2 { print int($4 / 1024) }'; }

# failed is die for a failure that a full disk may have caused. Call look first if
# something is cleaned up before failed is called.
look() { room=$(free_mb); }
failed() {
	[ -n "${room-}" ] || look
	[ "${room:-0}" -ge 16 ] || die "the build server's disk is full: $room MB are free below $root. Free some, or lower keep-artifacts; then run the build again"
	die "$*"
}

# enter_project sets builder to what builds the project: mix, or rebar3 if there is no mix.exs.
# shellcheck disable=SC2034,SC2154 # the scripts that call this take dir, and use builder
enter_project() {
	owned
	checkout=$root/$app/checkout
	cd "$checkout/$dir" 2>/dev/null || die "the repository has no directory $dir: see project-dir"
	place=$([ "$dir" = . ] && echo "the repository's top" || echo "$dir of the repository")
	if [ -f mix.exs ]; then
		builder=mix
	elif [ -f rebar.config ]; then
		builder=rebar3
	elif [ -f erlang.mk ] || grep -qs '^include .*erlang\.mk' Makefile; then
		die "$place has a project of erlang.mk, which cannot be built: give it a rebar.config or a mix.exs, or name the directory that has one as project-dir"
	else
		die "there is neither mix.exs nor rebar.config in $place: name the directory that has one as project-dir"
	fi
}

# name_commit gives the commit to what compiles the project.
name_commit() {
	SLIPWAY_COMMIT=$(git rev-parse HEAD)
	export SLIPWAY_COMMIT
}

# at_least A B tests whether version A is B or newer.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
