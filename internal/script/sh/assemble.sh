# Gets the locked dependencies and assembles the release into an empty tree.
# Takes: app (ORG/APP), name (the application's), id.
main() {
	checkout=$root/$app/checkout
	tree=$root/$app/artifacts/$id.part/tree
	cd "$checkout" || die "there is no checkout of $app"
	export MIX_ENV=prod LC_ALL=C.UTF-8 LANG=C.UTF-8
	mix deps.get --only prod 3>&- || die "mix deps.get failed: see the lines above"
	changed=$(git status --porcelain -- mix.lock) || die "git status failed in $checkout"
	if [ -n "$changed" ]; then
		git --no-pager diff -- mix.lock
		die "mix.lock does not match mix.exs: run 'mix deps.get', commit mix.lock, and build that commit"
	fi
	mix release --quiet --overwrite --path "$tree" 3>&- || die "mix release failed: see the lines above"
	# A project that also makes a tarball leaves it inside of the tree.
	rm -f "$tree"/*.tar.gz
	describe
}

describe() {
	[ -x "$tree/bin/$name" ] || die "the release has no bin/$name: it holds $(ls "$tree/bin" | tr '\n' ' '), and the app is called $name"
	start_erl=$(cat "$tree/releases/start_erl.data") || die "the release has no releases/start_erl.data"
	erts=${start_erl% *}
	version=${start_erl#* }
	[ -d "$tree/erts-$erts" ] || die "the release has no ERTS: set 'include_erts: true' in mix.exs"
	fact erts "$erts"
	fact version "$version"
	for file in mix.lock .tool-versions; do
		[ ! -f "$file" ] || fact "sha256_$file" "$(sha256sum <"$file" | cut -c1-64)"
	done
	listing "$tree" | sed 's/^/listing=/' >&3
	checksums "$tree" | sed 's/^/checksum=/' >&3
}
