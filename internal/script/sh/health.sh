# Asks a URL of the host itself, for hosts whose sshd forwards no connections.
# Takes: url, connect (where the URL's server really is, as curl wants it;
# empty: where the URL says), most (bytes of the answer that are of interest).
main() {
	set -- --url "$url"
	[ -z "$connect" ] || set -- "$@" --connect-to "$connect"
	answer=$(mktemp) || die "cannot create a temporary file"
	problem=$(exec 3>&1; curl --silent --show-error --noproxy '*' --max-time 5 --user-agent slipway \
		--output - --write-out '%{stderr}status=%{http_code}\n' "$@" 2>&3 3>&- | head -c "$most" >"$answer")
	status=$(printf '%s\n' "$problem" | sed -n 's/^status=//p')
	if [ "${status:-000}" = 000 ]; then
		rm -f "$answer"
		die "no answer from the health URL: $problem"
	fi
	fact status "$status"
	fact body "$(base64 -w 0 "$answer")"
	rm -f "$answer"
}
