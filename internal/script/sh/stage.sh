# Libraries: buildroot inventory verify
# Puts the release on the host, complete and verified. It changes nothing that runs.
# Takes: base, id, app (ORG/APP, whose artifact is on this same machine; empty: the
# release comes as input, as a gzipped tar). The caller has already written the lists
# that the release must match to .slipway/releases/ID.
main() {
	release=$base/releases/$id
	part=$release.part
	rm -rf "$part" || die "cannot remove the leftover $part"
	mkdir "$part" || die "cannot create $part"
	if [ -n "$app" ]; then
		tar -c -C "$root/$app/artifacts/$id/tree" . | unpack ||
			discard "the release could not be copied from $root/$app/artifacts/$id to $part: see the lines above (is the disk full?)"
	else
		ready
		unpack -z || discard "the release could not be unpacked in $part: see the lines above (is the disk full?)"
	fi
	verify "$part" "$base/.slipway/releases/$id" ||
		discard "what arrived in $part is not what was built: see the lines above, and run it again"
	# current must never point to a release whose files are only in memory. The lists
	# may be on another file system than the releases.
	sync -f "$part" && sync -f "$base/.slipway/releases/$id" || discard "cannot write $part to disk"
	mv -T "$part" "$release" || discard "cannot rename $part to $release"
	sync -f "$base/releases"
}

unpack() { tar -x --no-same-owner --no-same-permissions -f - -C "$part" "$@"; }

discard() {
	rm -rf "$part"
	die "$@"
}
