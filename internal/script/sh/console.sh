# Libraries: service rules
# Reports everything about a host that opening a console, or showing a log, depends
# on. It changes nothing.
# Takes: base, units (just one), wrapper (the program that opens the console; empty:
# the command runs as root instead), command (to run with sudo).
main() {
	for tool in script sudo systemctl; do command -v "$tool" >/dev/null || fact no_tool "$tool"; done
	fact login "$(id -un)"
	show_units
	unit=$units
	user=$(unit_property User)
	fact unit_user "$user"
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
	take_rules_of "$user"
	fact sudo "$(ask "$command")"
}

show_entry() { [ ! -e "$2" ] && [ ! -h "$2" ] || fact "$1" "$(stat -c '%u %a %F' "$2")"; }
