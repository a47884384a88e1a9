# Libraries: service
# Removes releases and activations, but none that a process still runs from.
# What cannot be removed keeps nothing else from that.
# Takes: base, ids (separated by blanks), keys (of activations).
main() {
	problem=
	rm -rf "$base"/releases/*.part || stuck "what is left of dead runs in $base/releases"
	used=$(used_releases)
	for id in $ids; do
		if printf '%s\n' "$used" | grep -qxF "$id"; then
			fact in_use "$id"
			continue
		fi
		# Never a half-removed directory under a release's name.
		if ! mv -T "$base/releases/$id" "$base/releases/$id.part"; then
			stuck "$base/releases/$id"
		elif ! rm -rf "$base/releases/$id.part"; then
			stuck "$base/releases/$id.part"
		else
			fact removed "$id"
		fi
	done
	remove_lists
	remove_activations
	[ -z "$problem" ] || die "cannot remove $problem: see the lines above"
}

stuck() { problem=${problem:+$problem, }$1; }

# used_releases prints the IDs that command lines of the host's processes name:
# the BEAM's does, and so do those of the programs that a release brings along.
used_releases() { cat /proc/[0-9]*/cmdline 2>/dev/null | releases_named '.*' | sort -u; }

# After a power cut no release may be there again without its lists.
remove_lists() {
	[ -z "$ids" ] || sync -f "$base/releases" || stuck "what must be on disk first"
	for lists in "$base"/.slipway/releases/*/; do
		lists=${lists%/}
		[ -d "$base/releases/${lists##*/}" ] || rm -rf "$lists" || stuck "$lists"
	done
}

# An activation goes with its release, so that no rollback finds half of one.
remove_activations() {
	for key in $keys; do
		rm -rf "$base/activations/${key:?}" || stuck "$base/activations/$key"
	done
}
