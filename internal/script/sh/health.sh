# Requests a URL from the host itself, for hosts whose sshd forwards no connections.
# Takes: url, connect (where to connect to instead, as curl's --connect-to; empty: as
# the URL says), most (how many bytes of the answer to return).
main() {
	set -- --url "$url"
	[ -z "$connect" ] || set -- "$@" --connect-to "$connect"
	# The answer is piped, not stored: a file would be left behind if the run gave up
	# waiting.
	problem=$({
		curl --silent --show-error --noproxy '*' --max-time 5 --user-agent slipway \
			--output - --write-out '%{stderr}status=%{http_code}\n' "$@" 2>&5 3>&- |
			fact body "$(head -c "$most" | base64 -w 0)"
	} 5>&1)
	status=$(printf '%s\n' "$problem" | sed -n 's/^status=//p')
	[ "${status:-000}" != 000 ] || die "no answer from the health URL: $problem"
	fact status "$status"
}
