# Libraries: service ports rules drift chroot
# Reports everything about a host that a plan needs. It changes nothing. It starts few
# programs: on a busy host, they are what takes time.
# Takes: base, units, ports, restart (systemctl, flag or command), flag, libraries
# (sonames that the release needs), sizes (yes: report the sizes of the releases too),
# staged (the release whose staging note to report; empty: none), digest (the release
# whose digest to report; empty: none), migrate (the unit for migrations; empty: none),
# setup (the stamp that the setup phase left), recent (how many lines of the history to
# report; empty: all), about (release IDs and revisions).
main() {
	see_host
	must_read
	show_turn
	read_stamp
	show_machine
	show_place
	show_rules
	id=''
	show_current
	[ ! -f "$base/.slipway/releases/${id:-none}/manifest.json" ] || fact current_manifest yes
	fact current_target "$current_target"
	show_all_units
	show_ports
	show_drift
	show_releases
	for left in "$base/next" "$base/current.new" "$base/launch.new" "$base"/.slipway/scratch* "$base/.slipway/change.new" "$base"/.slipway/releases/*.*; do
		[ ! -e "$left" ] && [ ! -h "$left" ] || fact leftover "${left#"$base"/}"
	done
	[ ! -h "$base/.slipway/back" ] || [ -e "$base/.slipway/change" ] || fact leftover .slipway/back
	[ -z "$digest" ] || ! is_whole "$base/.slipway/releases/$digest/manifest.json" || show_digest
	show_records
}

# must_read ends the script if this user may not read what says which releases there are
# and what happened to them: a list that cannot be read is not an empty one.
must_read() {
	for place in "$base/releases" "$base/activations" "$base/.slipway" "$base/.slipway/releases"; do
		[ ! -d "$place" ] || { [ -r "$place" ] && [ -x "$place" ]; } || unreadable "$place"
	done
	for place in "$base/.slipway/history.jsonl" "$base/.slipway/change" "$base/.slipway/fence"; do
		[ ! -e "$place" ] || [ -r "$place" ] || unreadable "$place"
	done
}

unreadable() { die "$(id -un) cannot read $1: run the setup phase, or 'chown $(id -un) $1' as root"; }

# show_turn reports how often the lock was taken so far, and whether it is free. The
# caller may have asked for it at the same time.
show_turn() {
	fence='' turn=''
	{ read -r turn fence <"$base/.slipway/fence"; } 2>/dev/null
	if [ -z "$fence" ]; then fact turn "${turn:-0} free"; else fact turn "$turn"; fi
}

show_machine() {
	# shellcheck disable=SC2046 # two words
	set -- $(uname_by_kernel || uname -s -m)
	fact os "$1"
	fact arch "$2"
	glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
	fact glibc "${glibc#glibc }"
	for tool in awk cmp find flock sed sha256sum systemctl tar timeout curl; do
		command -v "$tool" >/dev/null || fact no_tool "$tool"
	done
	! command -v zstd >/dev/null || fact zstd yes
	[ "$restart" != systemctl ] || command -v sudo >/dev/null || fact no_tool sudo
	# Command lines prove which release runs, so they must be visible.
	{ true </proc/1/cmdline; } 2>/dev/null || fact hidden yes
	known=
	for library in $libraries; do has_library "$library" || fact no_library "$library"; done
}

# uname_by_kernel prints what uname does, where the kernel says it in files.
uname_by_kernel() {
	{ read -r ostype </proc/sys/kernel/ostype && read -r arch </proc/sys/kernel/arch; } 2>/dev/null && echo "$ostype $arch"
}

has_library() {
	case $1 in
	/*) [ -e "$1" ] && return ;;
	esac
	for place in /lib /usr/lib /usr/local/lib /lib64 /usr/lib64 /lib/*-linux-gnu* /usr/lib/*-linux-gnu*; do
		[ -e "$place/$1" ] && return
	done
	# There may be no ldconfig (musl).
	[ -n "$known" ] || known=$line_break$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | awk '{ print $1 }')$line_break
	case $known in *"$line_break$1$line_break"*) ;; *) return 1 ;; esac
}

show_place() {
	show_kind base "$base"
	show_kind current_kind "$base/current"
	places="$base $base/releases $base/.slipway"
	# shellcheck disable=SC2086 # paths without blanks
	descriptions=$line_break$(stat -L -c '%n %a %U %G' -- /proc/self $places $stamp_paths 2>/dev/null)$line_break
	described='' # if there is no /proc
	describe /proc/self # it belongs to the user of the program that looks
	described=${described#* }
	fact user "${described% *}"
	for dir in $places; do
		if [ ! -d "$dir" ]; then
			fact no_directory "$dir"
			continue
		fi
		[ -w "$dir" ] && [ -x "$dir" ] || fact unwritable "$dir"
		! describe "$dir" || fact directory "$described $dir"
	done
	show_room
	[ "$restart" != flag ] || [ -w "$flag" ] || { [ ! -e "$flag" ] && [ -w "${flag%/*}" ]; } || fact unwritable "$flag"
}

# describe PATH sets $described to mode, owner and group of a path.
describe() {
	case $descriptions in *"$line_break$1 "*) ;; *) return 1 ;; esac
	described=${descriptions#*"$line_break$1 "}
	described=${described%%"$line_break"*}
}

# show_room reports the free room. The releases may be on a file system of their own.
show_room() {
	where=$base/releases
	while [ ! -d "$where" ]; do where=${where%/*} where=${where:-/}; done
	# shellcheck disable=SC2046 # four numbers
	set -- $(stat -f -c '%a %S %c %d' -- "$where")
	fact free_kib "$(($1 * $2 / 1024))"
	[ "$3" = 0 ] || fact free_inodes "$4"
}

show_kind() {
	if [ -h "$2" ]; then fact "$1" link
	elif [ -d "$2" ]; then fact "$1" dir
	elif [ -e "$2" ]; then fact "$1" other
	else fact "$1" none
	fi
}

# show_all_units asks systemd once about the application's units, that for migrations
# and those that setup has made.
show_all_units() {
	unit_drift=
	others=
	for other in $stamp_units; do
		case " $units $migrate $others " in *" $other "*) ;; *) others="$others $other" ;; esac
	done
	# shellcheck disable=SC2086 # names of units
	for_units show_any_unit "$unit_state,User,ExecStart,UnitFileState,NeedDaemonReload" $units $migrate $others
}

show_any_unit() {
	case " $units " in
	*" $unit "*) show_unit && show_use ;;
	*) [ "$unit" != "$migrate" ] || show_migrate ;;
	esac
	stamped_unit
}

# show_use reports how a unit starts the release, and as which user. It reports nothing
# else of the unit's command line.
# shellcheck disable=SC2154 # for_units sets them
show_use() {
	fact unit_user "$is_User"
	[ -z "$is_User" ] || ! groups=$(id -Gn "$is_User" 2>/dev/null) || fact unit_groups "$groups"
	case $is_ExecStart in
	*"$base/launch "*) fact unit_uses launch ;;
	*"$base/current/"*) fact unit_uses current ;;
	*) fact unit_uses other ;;
	esac
}

# show_migrate reports whether the unit for migrations starts the release that next
# points to.
show_migrate() {
	case "$is_LoadState $is_ExecStart" in
	loaded*"$base/launch --next "*) fact migrate ready ;;
	loaded*) fact migrate other ;;
	*) fact migrate missing ;;
	esac
}

show_releases() {
	for dir in "$base"/releases/*/; do
		name=${dir%/}
		name=${name##*/}
		case $name in
		*.part) fact leftover "releases/$name" ;;
		[0-9]*T[0-9]*)
			fact release "$name"
			[ "$sizes" != yes ] || fact size "$(du -sk "$dir" | cut -f 1)"
			;;
		esac
	done
	for dir in "$base"/activations/*/; do
		dir=${dir%/}
		[ ! -d "$dir" ] || fact activation "${dir##*/}"
	done
}

# is_whole tests whether a manifest has its end: a power cut while a release was staged
# may have left a part of it.
is_whole() {
	[ -f "$1" ] || return
	case $(tail -c 3 "$1") in
	*"$line_break}") ;;
	*) return 1 ;;
	esac
}

show_digest() { sha256sum <"$base/.slipway/releases/$digest/manifest.json" | { read -r sum _; fact digest "$sum"; }; }

# show_records reports with one program the time, whether the file systems are read-only,
# the note, the change record, and the history. Of that, it reports only the latest
# changes, if no older one is about a release that is here or that the caller asks about.
# awk also completes a last line that lost its line break in a power cut.
show_records() {
	asked=$about
	for word in "$base"/releases/*; do asked="$asked ${word##*/}"; done
	state=$base/.slipway mark=$answer_mark asked=$asked latest=$recent note=$staged \
		releases=$(cd -P "$where" && pwd -P) place=$(cd -P "$base" 2>/dev/null && pwd -P) awk '
		function tell(key, value) { print ENVIRON["mark"] key "=" value }
		function tell_file(key, name) { while ((getline line < name) > 0) tell(key, line) }
		function is_about(line,    word) {
			for (word in words) if (index(line, "\"" words[word] "\"")) return 1
			return 0
		}
		# The mount point of a path is the longest one; of several, the last one.
		function tell_read_only(path,    at, best, options, mounts) {
			mounts = "/proc/self/mounts"
			while ((getline < mounts) > 0) {
				at = $2
				gsub(/\\040/, " ", at)
				if ((path == at || at == "/" || index(path, at "/") == 1) && length(at) >= length(best)) {
					best = at
					options = "," $4 ","
				}
			}
			close(mounts)
			if (path != "" && index(options, ",ro,")) tell("read_only", best)
		}
		# srand returns the time of the call before: in seconds, or since mawk 1.3.4-2026 in
		# nanoseconds.
		function seconds(time) {
			while (time >= 10000000000) time = int(time / 10)
			return time
		}
		BEGIN {
			srand()
			tell("now", sprintf("%.0f", seconds(srand())))
			tell_read_only(ENVIRON["releases"])
			tell_read_only(ENVIRON["place"])
			if (ENVIRON["note"] != "") tell_file("staged", ENVIRON["state"] "/releases/" ENVIRON["note"] "/staged")
			tell_file("change", ENVIRON["state"] "/change")
			split(ENVIRON["asked"], words, " ")
			name = ENVIRON["state"] "/history.jsonl"
			while ((getline line < name) > 0) history[++n] = line
			older = ENVIRON["latest"] == "" ? 0 : n - ENVIRON["latest"]
			for (i = 1; i <= older; i++) if (is_about(history[i])) older = 0
			if (older > 0) tell("older", older)
			else older = 0
			for (i = older + 1; i <= n; i++) tell("history", history[i])
		}' >&3
}
