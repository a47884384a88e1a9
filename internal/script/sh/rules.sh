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
	[ -z "$sudo_unread$refused" ] || fact sudo_said "$(sudo_words)"
}
systemctl=/usr/bin/systemctl journalctl=/usr/bin/journalctl as=

# list_sudo asks sudo once, for all users as whom commands may run. It sets $sudo_unread
# unless there is a list, which may be empty. sudo may ask for a password to show it, or
# for a terminal. What it says about its own configuration comes before the list.
list_sudo() {
	sudo_unread='' refused=''
	sudo_list=$(sudo -n -l 2>&1) && return
	case $sudo_list in
	*" may not run sudo on "* | *" is not allowed to run sudo on "*) ;;
	*) sudo_unread=yes ;;
	esac
}

# sudo_words prints what sudo says, without what every list has.
sudo_words() {
	printf '%s\n' "$sudo_list" | awk '
		/unable to resolve host/ { next }
		/^Matching Defaults entries/ { defaults = 1; next }
		/may run the following commands/ { defaults = 0; next }
		defaults { next }
		{ sub(/^ +/, ""); words = words (words == "" ? "" : "; ") $0 }
		END { print (length(words) > 600) ? substr(words, 1, 600) "..." : words }'
}

# take_rules_of USER makes ask answer for commands that run as USER.
take_rules_of() {
	as=$1
	rules=$(printf '%s\n' "$sudo_list" | list_rules)
}

need() {
	ask "$1"
	[ "$answer" = yes ] || {
		fact "sudo_$answer" "$1"
		refused=yes
	}
}

# ask COMMAND sets $answer to yes, password, no, or unread. As in sudo, the last matching
# rule counts.
ask() {
	answer=unread
	[ -z "$sudo_unread" ] || return 0
	answer=no
	while IFS= read -r rule; do
		fits "$1" "${rule#* }" && answer=${rule%% *}
	done <<-RULES
		$rules
	RULES
	# A rule may hold at some times only, in a chroot, or for one version of a program. If
	# it does not, an earlier one counts, which may ask for a password.
	case $answer in
	*'?')
		answer=${answer%?}
		! asks_password || answer=password
		sudo_allows "$1" || answer=no
		return
		;;
	esac
	# This script does not understand all forms of rules. If no rule at all asks for a
	# password, sudo's own answer is right.
	if [ "$answer" = no ] && ! asks_password && sudo_allows "$1"; then
		answer=yes
	fi
}

# sudo_allows COMMAND asks sudo itself, which does not say whether it asks for a password.
# shellcheck disable=SC2086 # the words of a command
sudo_allows() { sudo -n ${as:+-u "$as"} -l $1 >/dev/null 2>&1; }

asks_password() {
	case $line_break$rules in *"${line_break}password"[' ?']*) ;; *) return 1 ;; esac
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
# command in the output of "sudo -l" that may run as $as, or as root if that is empty. A
# question mark after the first word means that the rule does not always hold.
list_rules() {
	awk -v as_user="${as:-root}" '
		/^Matching Defaults entries/ { defaults = 1 }
		/!authenticate/ && defaults && !rules { without = 1 }
		/may run the following commands/ { rules = 1; next }
		rules && /^ +\(/ {
			runas = $0; sub(/^ +\(/, "", runas); sub(/\).*/, "", runas)
			split(runas, as, " *: *")
			list = $0; sub(/^ +\([^)]*\) */, "", list)
			gsub(/\\,/, "\001", list)
			n = split(list, commands, ", *")
			tag = without ? "yes" : "password"
			doubt = ""
			for (i = 1; i <= n; i++) {
				command = commands[i]
				# Tags end in a colon; options have a value; so have the digests of a program.
				while (match(command, /^([A-Z_]+: *|[A-Z_]+=("[^"]*"|[^ ]*) *|sha[0-9]+:[^ ]+ *)/)) {
					word = substr(command, 1, RLENGTH); sub(/[:=].*/, "", word)
					if (word == "NOPASSWD") tag = "yes"
					if (word == "PASSWD") tag = "password"
					if (word ~ /^(CHROOT|NOTBEFORE|NOTAFTER|sha.*)$/) doubt = "?"
					command = substr(command, RLENGTH + 1)
				}
				if (command == "") continue
				said = tag doubt
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
