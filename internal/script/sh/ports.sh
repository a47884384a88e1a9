# show_ports reports which of $ports something listens on. In /proc/net/tcp, 0A is the
# state LISTEN, and the second column is ADDRESS:PORT, in hexadecimal.
# shellcheck disable=SC2154 # the scripts that call this take ports
show_ports() {
	[ -n "$ports" ] || return 0
	[ -r /proc/net/tcp ] || die "$(id -un) cannot read /proc/net/tcp, which says what listens on a port"
	wanted=
	for port in $ports; do wanted="$wanted $port=$(printf ':%04X' "$port")"; done
	listening=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v wanted="$wanted" '
		$4 == "0A" { listens[substr($2, length($2) - 4)] = 1 }
		END {
			for (n = split(wanted, pairs, " "); i < n;) {
				split(pairs[++i], pair, "=")
				if (pair[2] in listens) print pair[1]
			}
		}')
	for port in $listening; do fact listening "$port"; done
}
