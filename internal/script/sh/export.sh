# Libraries: buildroot
# Streams a release as a gzipped tar. It reports no facts: its stdout is the stream.
# Takes: app (ORG/APP), id.
main() {
	cd "$root/$app/artifacts/$id/tree" || exit 1
	tar -c --use-compress-program='gzip -1' --sort=name --owner=0 --group=0 --numeric-owner . >&3
}
