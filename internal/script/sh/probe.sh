# Libraries: service
# Says what runs now. Takes: base, units, ports (that are of interest).
main() {
	show_current
	show_units
	for port in $ports; do
		! is_listening "$(printf ':%04X' "$port")" || fact listening "$port"
	done
}

# 0A is the state LISTEN; the second column is ADDRESS:PORT in hexadecimal.
is_listening() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$1" '
		$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 }
		END { exit !found }'
}
