# Libraries: service rules drift
# Reports everything about a host that a plan needs. It changes nothing.
# Takes: base, units, restart (systemctl, flag or command), flag, libraries (sonames
# that the release needs), sizes (yes: report the sizes of the releases too), staged
# (the release whose staging note to report; empty: none), digest (the release whose
# digest to report; empty: none), migrate (the unit for migrations; empty: none), setup
# (the stamp that the setup phase left), recent (how many lines of the history to report;
# empty: all), about (release IDs and revisions).
main() {
	show_machine
	show_place
	show_rules
	show_current
	show_units
	show_uses
	show_migrate
	show_drift
	show_releases
	for left in "$base/next" "$base/current.new" "$base/launch.new" "$base"/.slipway/scratch* "$base/.slipway/change.new"; do
		[ ! -e "$left" ] && [ ! -h "$left" ] || fact leftover "${left#"$base"/}"
	done
	[ ! -h "$base/.slipway/back" ] || [ -e "$base/.slipway/change" ] || fact leftover .slipway/back
	[ -z "$staged" ] || show_state staged "releases/$staged/staged"
	[ -z "$digest" ] || show_digest "$base/.slipway/releases/$digest/manifest.json"
	show_state change change
	show_history
}

show_machine() {
	fact now "$(date +%s)"
	fact os "$(uname -s)"
	fact arch "$(uname -m)"
	fact user "$(id -un)"
	fact glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc //p')"
	for tool in awk cmp diff find flock sed sha256sum systemctl tar timeout curl; do
		command -v "$tool" >/dev/null || fact no_tool "$tool"
	done
	[ "$restart" != systemctl ] || command -v sudo >/dev/null || fact no_tool sudo
	# Command lines prove which release runs, so they must be visible.
	cat /proc/1/cmdline >/dev/null 2>&1 || fact hidden yes
	known=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | awk '{ print $1 }')
	for library in $libraries; do has_library "$library" || fact no_library "$library"; done
}

has_library() {
	case $1 in
	/*) [ -e "$1" ] && return ;;
	esac
	printf '%s\n' "$known" | grep -qxF -- "$1" && return
	# There may be no ldconfig (musl), and its cache may lack the library.
	for place in /lib /usr/lib /usr/local/lib /lib64 /usr/lib64 /lib/*-linux-gnu* /usr/lib/*-linux-gnu*; do
		[ -e "$place/$1" ] && return
	done
	return 1
}

show_place() {
	fact base "$(entry_kind "$base")"
	fact current_kind "$(entry_kind "$base/current")"
	fact current_target "$(readlink "$base/current" 2>/dev/null)"
	for dir in "$base" "$base/releases" "$base/.slipway"; do
		if [ ! -d "$dir" ]; then
			fact no_directory "$dir"
			continue
		fi
		[ -w "$dir" ] && [ -x "$dir" ] || fact unwritable "$dir"
		fact directory "$(stat -L -c '%a %U %G %n' "$dir")"
	done
	# The releases may be on a file system of their own.
	where=$base/releases
	while [ ! -d "$where" ]; do where=$(dirname "$where"); done
	fact free_kib "$(df -Pk "$where" | awk 'NR == 2 { print $4 }')"
	fact free_inodes "$(df -Pi "$where" | awk 'NR == 2 { print $4 }')"
	show_read_only "$where"
	[ "$where" = "$base/releases" ] && show_read_only "$base"
	[ "$restart" != flag ] || [ -w "$flag" ] || { [ ! -e "$flag" ] && [ -w "$(dirname "$flag")" ]; } || fact unwritable "$flag"
}

show_read_only() {
	mounted=$(df -P "$1" | awk 'NR == 2 { print $6 }')
	awk -v at="$mounted" '$2 == at { options = $4 } END { exit options !~ /^(.*,)?ro(,.*)?$/ }' /proc/self/mounts && fact read_only "$mounted"
}

entry_kind() {
	if [ -h "$1" ]; then echo link
	elif [ -d "$1" ]; then echo dir
	elif [ -e "$1" ]; then echo other
	else echo none
	fi
}

# show_uses reports how each unit starts the release, and as which user. It reports
# nothing else of the unit's command line.
show_uses() {
	for unit in $units; do
		fact unit "$unit"
		user=$(unit_property User)
		fact unit_user "$user"
		[ -z "$user" ] || fact unit_groups "$(id -Gn "$user" 2>/dev/null)"
		case $(unit_property ExecStart) in
		*"$base/launch "*) fact unit_uses launch ;;
		*"$base/current/"*) fact unit_uses current ;;
		*) fact unit_uses other ;;
		esac
	done
}

# show_migrate reports whether the unit for migrations starts the release that next
# points to.
show_migrate() {
	[ -n "$migrate" ] || return 0
	unit=$migrate
	case "$(unit_property LoadState) $(unit_property ExecStart)" in
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
		[ ! -d "$dir" ] || fact activation "$(basename "$dir")"
	done
}

show_digest() {
	[ ! -f "$1" ] || fact digest "$(sha256sum <"$1" | cut -d ' ' -f 1)"
}

# show_history reports only the latest changes, if no older one is about a release that
# is here or that the caller asks about.
show_history() {
	history=$base/.slipway/history.jsonl
	[ -f "$history" ] || return 0
	older=0
	[ -z "$recent" ] || older=$(($(wc -l <"$history") - recent))
	if [ "$older" -le 0 ] || head -n "$older" "$history" | is_about; then
		older=0
	else
		fact older "$older"
	fi
	tail -n "+$((older + 1))" "$history" | awk '{ print "history=" $0 }' >&3
}

# is_about tests whether a line of stdin has a release that is here, or a word of about.
is_about() {
	set --
	for word in $about "$base"/releases/*; do set -- "$@" -e "\"${word##*/}\""; done
	grep -qF "$@"
}

# show_state uses awk, which also completes a last line that lost its line break in a
# power cut.
show_state() {
	[ ! -f "$base/.slipway/$2" ] || awk -v key="$1" '{ print key "=" $0 }' "$base/.slipway/$2" >&3
}
