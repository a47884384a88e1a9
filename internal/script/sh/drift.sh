# Finds what differs from what the setup phase made. Setup leaves a stamp that lists
# it. A server that was set up by hand has no stamp, so nothing can differ. All of
# this works without privileges.

# read_stamp reads the stamp $setup, if there is one.
# shellcheck disable=SC2154 # the scripts that call this take setup
read_stamp() {
	stamped='' stamp_paths='' stamp_entries='' stamp_sums='' stamp_units='' stamp_rules=''
	[ -r "$setup" ] || return 0
	while IFS=' ' read -r kind a b c d e; do
		case $kind in
		format) [ "$a" = 1 ] || break && stamped=yes ;;
		file) stamp_entry "$e" "$a" "$b" "$c" && stamp_sum "$d" "$e" ;;
		directory) stamp_entry "$d" "$a" "$b" "$c" ;;
		unit) stamp_units="$stamp_units $a" ;;
		rule) stamp_rules="$stamp_rules$line_break$a $b${c:+ $c}${d:+ $d}${e:+ $e}" ;;
		esac
	done <"$setup"
}

stamp_entry() {
	stamp_paths="$stamp_paths $1"
	stamp_entries="$stamp_entries$*$line_break"
}

stamp_sum() { [ "$1" = - ] || stamp_sums="$stamp_sums$1  $2$line_break"; }

# show_drift compares the host with the stamp. show_place has described the paths in
# it, and each unit has been compared with stamped_unit.
show_drift() {
	[ -r "$setup" ] || return 0
	if [ -z "$stamped" ]; then
		fact drift "another version of Slipway has set it up"
		return
	fi
	differing_entries
	[ -z "$stamp_sums" ] || changed_files
	[ -z "$unit_drift" ] || report_drift "$unit_drift"
	[ -n "${sudo_unread-yes}" ] || differing_rules
}

# report_drift LINES reports one fact for each line.
report_drift() {
	while IFS= read -r text; do
		[ -z "$text" ] || fact drift "$text"
	done <<-LINES
		$1
	LINES
}

# differing_entries says nothing about files in directories that this user may not
# enter.
differing_entries() {
	while read -r path mode owner group; do
		[ -n "$path" ] || continue
		if ! describe "$path"; then
			[ ! -x "${path%/*}" ] || [ -e "$path" ] || fact drift "$path is not there"
		elif [ "$described" != "$mode $owner $group" ]; then
			is=${described% *}:${described##* }
			fact drift "$path is $is, not $mode $owner:$group"
		fi
	done <<-ENTRIES
		$stamp_entries
	ENTRIES
}

changed_files() {
	changed=$(printf '%s' "$stamp_sums" | sha256sum --check --quiet 2>/dev/null)
	while IFS= read -r line; do
		case $line in *': FAILED') fact drift "${line%: FAILED} has been changed" ;; esac
	done <<-CHANGED
		$changed
	CHANGED
}

# stamped_unit notes what differs about $unit, of which for_units has the state. It does
# not report that one of the application's own units is down: the deploy itself checks
# that.
# shellcheck disable=SC2154 # for_units sets them
stamped_unit() {
	case " $stamp_units " in *" $unit "*) ;; *) return 0 ;; esac
	differs=
	if [ "$is_UnitFileState" != enabled ]; then
		differs="${is_UnitFileState:-not there}, not enabled"
	elif [ "$is_NeedDaemonReload" = yes ]; then
		differs=
		unit_drift="$unit_drift$unit has been changed, and systemd has not read it: systemctl daemon-reload$line_break"
	elif [ "$is_ActiveState" != active ]; then
		case " $units " in *" $unit "*) ;; *) differs="$is_ActiveState, not active" ;; esac
	fi
	[ -z "$differs" ] || unit_drift="$unit_drift$unit is $differs$line_break"
}

# differing_rules reports missing sudo rules and surplus ones, unless setup granted
# those for another application on the host. Each target user has a list of its own.
# show_rules has taken that of root.
differing_rules() {
	granted_to_others
	checked=
	while read -r user _; do
		case " $checked " in *" ${user:-root} "*) continue ;; esac
		checked="$checked $user"
		[ "$user" = root ] || take_rules_of "$user"
		missing_rules
		surplus_rules
	done <<-USERS
		root$stamp_rules
	USERS
}

missing_rules() {
	while read -r for command; do
		[ "$for" = "$user" ] || continue
		ask "$command"
		[ "$answer" = yes ] || fact drift "sudo does not allow '$command' as $user"
	done <<-GRANTED
		$stamp_rules
	GRANTED
}

surplus_rules() {
	while read -r answer command; do
		[ "$answer" = yes ] || continue
		case "$stamp_rules$other_rules$line_break" in
		*"$line_break$user $command$line_break"*) ;;
		*) fact drift "sudo allows '$command' as $user, which setup did not grant" ;;
		esac
	done <<-RULES
		$rules
	RULES
}

granted_to_others() {
	other_rules=
	for stamp in "${setup%/*/*}"/*/setup; do
		[ -r "$stamp" ] && [ "$stamp" != "$setup" ] || continue
		while read -r kind rule; do
			[ "$kind" != rule ] || other_rules="$other_rules$line_break$rule"
		done <"$stamp"
	done
}
