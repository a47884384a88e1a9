# Sends the manifest of a release, compressed: that is its stdout, once it is ready.
# Takes: base, id.
main() {
	ready
	gzip -c <"$base/.slipway/releases/$id/manifest.json" >&3
}
