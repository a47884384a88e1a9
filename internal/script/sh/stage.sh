# Puts a release on the host, complete and verified; nothing that runs changes.
# Takes: base, id. Its input is the release as a gzipped tar. The caller has put
# the lists that it must match into .slipway/releases/ID.
main() {
	release=$base/releases/$id
	part=$release.part
	rm -rf "$part" || die "cannot remove the leftover $part"
	mkdir "$part" || die "cannot create $part"
	ready
	tar -xz --no-same-owner --no-same-permissions -f - -C "$part" ||
		discard "the release could not be unpacked in $part: see the lines above (is the disk full?)"
	verify "$part" "$base/.slipway/releases/$id" ||
		discard "what arrived in $part is not what was built: see the lines above, and run it again"
	# current must never name a release whose files are still in memory only.
	sync -f "$part" || discard "cannot write $part to disk"
	mv -T "$part" "$release" || discard "cannot rename $part to $release"
	sync -f "$base/releases"
}

discard() {
	rm -rf "$part"
	die "$@"
}
