# Libraries: service rules
# Reports everything about a host that opening a console, or showing a log, depends
# on. It changes nothing.
# Takes: base, units (just one), wrapper (the program that opens the console; empty:
# the command runs as root instead), command (to run with sudo).
main() {
	for tool in script sudo systemctl; do command -v "$tool" >/dev/null || fact no_tool "$tool"; done
	fact login "$(id -un)"
	user=
	# shellcheck disable=SC2086 # the name of a unit
	for_units show_with_user "$unit_state,User" $units
	if [ -n "$wrapper" ]; then
		show_entry wrapper_dir "${wrapper%/*}"
		show_entry wrapper "$wrapper"
		# A user who is not in the application's group cannot see its directory.
		[ ! -d "$base" ] || [ -x "$base" ] || fact hidden yes
		show_current
	else
		user=
	fi
	command -v sudo >/dev/null || return 0
	list_sudo
	take_rules_of "$user"
	ask "$command"
	case $answer$sudo_list in
	unread*'password is required'* | unread*'authentication is required'*) answer=password ;; # a person may know it
	esac
	fact sudo "$answer"
	[ "$answer" = yes ] || fact sudo_said "$(sudo_words)"
}

# shellcheck disable=SC2154 # for_units sets it
show_with_user() {
	show_unit
	user=$is_User
	fact unit_user "$user"
}

show_entry() { [ ! -e "$2" ] && [ ! -h "$2" ] || fact "$1" "$(stat -c '%u %a %F' "$2")"; }
