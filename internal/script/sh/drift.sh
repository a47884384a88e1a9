# Finds what differs from what the setup phase made. Setup leaves a stamp that lists
# it. A server that was set up by hand has no stamp, so nothing can differ. All of
# this works without privileges.

# show_drift compares the host with $setup.
show_drift() {
	[ -r "$setup" ] || return 0
	if [ "$(head -n 1 "$setup")" != "format 1" ]; then
		fact drift "another version of Slipway has set it up"
		return
	fi
	differing_files | report_drift
	awk '$1 == "file" && $5 != "-" { print $5 "  " $6 }' "$setup" | sha256sum --check --quiet 2>/dev/null |
		sed -n 's/: FAILED$/ has been changed/p' | report_drift
	differing_units | report_drift
	! command -v sudo >/dev/null || differing_rules | report_drift
}

report_drift() { while IFS= read -r text; do fact drift "$text"; done; }

# differing_files says nothing about files in directories that this user may not
# enter.
differing_files() {
	awk '$1 == "file" { print $6 } $1 == "directory" { print $5 }' "$setup" | xargs stat -L -c '%n %a %U:%G' 2>/dev/null |
		awk 'FNR == NR && FILENAME == "-" { is[$1] = $2 " " $3; next }
			$1 == "file" { path = $6 }
			$1 == "directory" { path = $5 }
			$1 != "file" && $1 != "directory" { next }
			!(path in is) { print "missing", path; next }
			is[path] != $2 " " $3 ":" $4 { print path " is " is[path] ", not " $2 " " $3 ":" $4 }' - "$setup" |
		while IFS= read -r text; do
			case $text in
			'missing '*) path=${text#missing } && [ -x "$(dirname "$path")" ] && [ ! -e "$path" ] && echo "$path is not there" ;;
			*) echo "$text" ;;
			esac
		done
}

# differing_units does not report that one of the application's own units is down:
# the deploy itself checks that.
differing_units() {
	# shellcheck disable=SC2046 # one argument for each unit
	systemctl show --property=Id,UnitFileState,ActiveState,NeedDaemonReload -- $(awk '$1 == "unit" { print $2 }' "$setup") 2>/dev/null |
		awk -v own=" $units " '
			/^$/ { tell(); next }
			{ at = index($0, "="); is[substr($0, 1, at - 1)] = substr($0, at + 1) }
			END { tell() }
			function tell() {
				if (is["Id"] == "") return
				if (is["UnitFileState"] != "enabled") print is["Id"] " is " (is["UnitFileState"] == "" ? "not there" : is["UnitFileState"]) ", not enabled"
				else if (is["NeedDaemonReload"] == "yes") print is["Id"] " has been changed, and systemd has not read it: systemctl daemon-reload"
				else if (is["ActiveState"] != "active" && !index(own, " " is["Id"] " ")) print is["Id"] " is " is["ActiveState"] ", not active"
				delete is
			}'
}

# differing_rules reports missing sudo rules and surplus ones, unless setup granted
# those for another application on the host. Each target user has a list of its own;
# take_rules_of takes root for an empty name.
differing_rules() {
	for user in root $(sed -n 's/^rule \([^ ]*\) .*/\1/p' "$setup" | grep -vx root | sort -u); do
		granted=$(sed -n "s/^rule $user //p" "$setup")
		elsewhere=$(sed -n "s/^rule $user //p" "${setup%/*/*}"/*/setup 2>/dev/null)
		take_rules_of "${user#root}"
		printf '%s\n' "$granted" | while IFS= read -r command; do
			[ -z "$command" ] || [ "$(ask "$command")" = yes ] || echo "sudo does not allow '$command' as $user"
		done
		printf '%s\n' "$rules" | sed -n 's/^yes //p' | while IFS= read -r command; do
			printf '%s\n' "$granted" "$elsewhere" | grep -qxF -- "$command" || echo "sudo allows '$command' as $user, which setup did not grant"
		done
	done
}
