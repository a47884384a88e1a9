# Libraries: buildroot
# Streams files of a release as a tar, compressed with zstd if there is one, else with
# gzip. Its stdout is the stream, once it is ready.
# Takes: app (ORG/APP), id, all (yes: all files; else the input has their paths, each with
# a NUL at its end).
main() {
	cd "$root/$app/artifacts/$id/tree" || exit 1
	compress='gzip -1'
	! command -v zstd >/dev/null || compress='zstd -q'
	set -- -c --use-compress-program="$compress" --hard-dereference --sort=name --owner=0 --group=0 --numeric-owner
	ready
	if [ "$all" = yes ]; then
		tar "$@" . >&3
	else
		tar "$@" --null --no-recursion --files-from=- >&3
	fi
}
