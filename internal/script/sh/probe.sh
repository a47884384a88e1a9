# Libraries: service
# Reports what runs now. Takes: base, units, ports (to look at).
main() {
	show_current
	show_units
	for port in $ports; do
		! is_listening "$(printf ':%04X' "$port")" || fact listening "$port"
	done
}

# is_listening :PORT takes a port in hexadecimal. In /proc/net/tcp, 0A is the state
# LISTEN, and the second column is ADDRESS:PORT.
is_listening() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$1" '
		$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 }
		END { exit !found }'
}
