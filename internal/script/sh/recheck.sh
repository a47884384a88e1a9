# Libraries: inventory verify
# Verifies a release that is already on the host. Takes: base, id.
main() {
	verify "$base/releases/$id" "$base/.slipway/releases/$id/manifest.json" '' ||
		die "the files of $base/releases/$id are not what was built (see the lines above)"
}
