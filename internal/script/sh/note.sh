# Libraries: receive critical
# Writes the note about a staged release, for the run that activates it; also about one that
# was not sent, since something newer runs.
# Takes: base, token, id. The note comes as input.
main() {
	receive
	critical note
}

note() {
	list=$base/.slipway/releases/$id
	staged=$list/staged
	[ -d "$list" ] || mkdir -p "$list" || die "cannot create $list"
	printf '%s\n' "$text" >"$staged.new" && mv -T "$staged.new" "$staged" || die "cannot write $staged"
}
