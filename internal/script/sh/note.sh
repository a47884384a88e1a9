# Libraries: receive critical
# Writes the note about a staged release, for the run that activates it.
# Takes: base, token, id. The note comes as input.
main() {
	receive
	critical note
}

note() {
	staged=$base/.slipway/releases/$id/staged
	printf '%s\n' "$text" >"$staged.new" && mv -T "$staged.new" "$staged" || die "cannot write $staged"
}
