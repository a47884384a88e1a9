# Asks a URL of the host itself, for hosts whose sshd forwards no connections.
# Takes: url, connect (where the URL's server really is, as curl wants it;
# empty: where the URL says), most (bytes of the answer that are of interest).
main() {
	set -- --url "$url"
	[ -z "$connect" ] || set -- "$@" --connect-to "$connect"
	# The answer goes out as it comes: a file of it would stay if the run gave up
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
