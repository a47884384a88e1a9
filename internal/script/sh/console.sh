# Libraries: service rules
# Says everything about a host that a person's look inside needs; changes nothing.
# Takes: base, units (one), wrapper (the program that opens the console; empty:
# root's command is to be run instead), command (what sudo is to run).
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
		# An admin who is not in the application's group sees nothing of it.
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
