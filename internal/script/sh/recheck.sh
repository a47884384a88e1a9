# Libraries: inventory verify
# Verifies a release that lies on the host already. Takes: base, id.
main() {
	verify "$base/releases/$id" "$base/.slipway/releases/$id" ||
		die "the files of $base/releases/$id are not what was built (see the lines above)"
}
