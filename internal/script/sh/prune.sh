# Removes releases, and what runs that died left of others. Takes: base, ids (separated by blanks).
main() {
	rm -rf "$base"/releases/*.part || die "cannot remove what is left of dead runs in $base/releases"
	for id in $ids; do
		# Never a half-removed directory under a release's name.
		mv -T "$base/releases/$id" "$base/releases/$id.part" || die "cannot remove $base/releases/$id"
		rm -rf "$base/releases/$id.part" || die "cannot remove $base/releases/$id.part"
		fact removed "$id"
	done
	for lists in "$base"/.slipway/releases/*/; do
		lists=${lists%/}
		[ -d "$base/releases/${lists##*/}" ] || rm -rf "$lists" || die "cannot remove $lists"
	done
}
