# Finds out what sudo lets this user run as root or as another user, and whether it asks
# for a password. This has to be read from sudo's list of rules: "sudo -n -l COMMAND"
# succeeds for a rule that asks for a password if any other rule does not ask.

# show_rules reports the commands that a change needs but that sudo does not allow.
# shellcheck disable=SC2154 # the scripts that call this take units and restart
show_rules() {
	command -v sudo >/dev/null || return 0
	list_sudo
	take_rules_of ''
	for unit in $units; do
		if [ "$restart" = systemctl ]; then
			for action in restart stop reset-failed; do need "$systemctl $action $unit"; done
		fi
	done
	[ -z "$migrate" ] || for action in start stop; do need "$systemctl $action $migrate"; done
	for unit in $units $migrate; do
		need "$journalctl --no-pager --output=short-unix --lines=100 --unit=$unit"
	done
}
systemctl=/usr/bin/systemctl journalctl=/usr/bin/journalctl as=

# list_sudo asks sudo once, for all users as whom commands may run.
list_sudo() { sudo_list=$(sudo -n -l 2>/dev/null); }

# take_rules_of USER makes ask answer for commands that run as USER.
take_rules_of() {
	as=$1
	rules=$(printf '%s\n' "$sudo_list" | list_rules)
}

need() {
	ask "$1"
	[ "$answer" = yes ] || fact "sudo_$answer" "$1"
}

# ask COMMAND sets $answer to yes, password or no. As in sudo, the last matching rule
# counts.
ask() {
	answer=no
	while IFS= read -r rule; do
		fits "$1" "${rule#* }" && answer=${rule%% *}
	done <<-RULES
		$rules
	RULES
	# This script does not understand all forms of rules. If no rule at all asks for a
	# password, sudo's own answer is right.
	# shellcheck disable=SC2086 # the words of a command
	if [ "$answer" = no ] && ! asks_password && sudo -n ${as:+-u "$as"} -l $1 >/dev/null 2>&1; then
		answer=yes
	fi
}

asks_password() {
	case $line_break$rules in *"${line_break}password "*) ;; *) return 1 ;; esac
}

# shellcheck disable=SC2254 # rules of sudo may have patterns
fits() {
	case $2 in
	ALL) return 0 ;;
	*' ""') [ "$1" = "${2% *}" ] ;;
	*' '*) case $1 in $2) ;; *) return 1 ;; esac ;;
	*) case ${1%% *} in $2) ;; *) return 1 ;; esac ;;
	esac
}

# list_rules prints a line "yes COMMAND", "password COMMAND" or "no COMMAND" for each
# command in the output of "sudo -l" that may run as $as, or as root if that is empty.
list_rules() {
	awk -v as_user="${as:-root}" '
		/!authenticate/ && !rules { without = 1 }
		/may run the following commands/ { rules = 1; next }
		rules && /^ +\(/ {
			runas = $0; sub(/^ +\(/, "", runas); sub(/\).*/, "", runas)
			split(runas, as, " *: *")
			list = $0; sub(/^ +\([^)]*\) */, "", list)
			gsub(/\\,/, "\001", list)
			n = split(list, commands, ", *")
			tag = without ? "yes" : "password"
			for (i = 1; i <= n; i++) {
				command = commands[i]
				while (match(command, /^[A-Z_]+: */)) {
					word = substr(command, 1, RLENGTH); sub(/:.*/, "", word)
					if (word == "NOPASSWD") tag = "yes"
					if (word == "PASSWD") tag = "password"
					command = substr(command, RLENGTH + 1)
				}
				said = tag
				if (sub(/^!/, "", command)) said = "no"
				gsub(/\001/, ",", command)
				command = unescaped(command)
				sub(/^\/bin\//, "/usr/bin/", command)
				if (includes(as[1], as_user)) print said, command
			}
		}
		function includes(list, user,    names, i, hit) {
			for (i = split(list, names, ", *"); i > 0; i--) {
				if (names[i] == "!" user) return 0
				if (names[i] == user || names[i] == "ALL") hit = 1
			}
			return hit
		}
		function unescaped(s) { gsub(/\\\\/, "\003", s); gsub(/\\/, "", s); gsub(/\003/, "\\", s); return s }'
}
