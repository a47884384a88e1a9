# Libraries: critical
# Removes releases and activations, except those from which a process still runs. If
# one cannot be removed, the others still are.
# Takes: base, token, ids (separated by blanks), keys (of activations).
main() {
	problem=''
	critical take_away
	# Nobody else uses names with this token, so this needs no lock.
	set -- "$base"/releases/*."$token".part
	[ ! -e "$1" ] || rm -rf "$@" || stuck "the leftovers in $base/releases"
	[ -z "$problem" ] || die "cannot remove $problem: see the lines above"
}

# take_away renames what is to be removed: no half-removed directory may have a
# release's name. Removing a release takes too long for a critical section.
take_away() {
	for left in "$base"/releases/*.part; do
		[ ! -e "$left" ] || mv -T "$left" "${left%.part}.$token.part" || stuck "$left"
	done
	used=$(used_releases) || [ $? = 1 ] || die "cannot find out which releases processes run from: see the lines above; nothing was removed"
	for id in $ids; do
		case $used in
		*"/$id/"*)
			fact in_use "$id"
			continue
			;;
		esac
		if mv -T "$base/releases/$id" "$base/releases/$id.$token.part"; then
			fact removed "$id"
		else
			stuck "$base/releases/$id"
		fi
	done
	remove_lists
	remove_activations
}

stuck() { problem=${problem:+$problem, }$1; }

# used_releases prints the releases that the command lines of the host's processes name:
# those of a BEAM, and of other programs in a release. It fails with 1 if there are none.
used_releases() {
	resolved=$(cd -P "$base/releases" && pwd -P)
	case $resolved in
	'' | *[!A-Za-z0-9/._-]*) resolved=$base/releases ;; # grep would take it for a pattern
	esac
	cat /proc/[0-9]*/cmdline 2>/dev/null | grep -aoE "($base/releases|$resolved)/[0-9]{8}T[0-9]{6}/"
}

# remove_lists waits until the releases are gone from the disk too: after a power cut,
# no release may reappear without its lists.
remove_lists() {
	[ -z "$ids" ] || sync -f "$base/releases" || stuck "the lists of these releases (cannot write $base/releases to disk)"
	for lists in "$base"/.slipway/releases/*/; do
		lists=${lists%/}
		[ -d "$base/releases/${lists##*/}" ] || rm -rf "$lists" || stuck "$lists"
	done
}

# remove_activations removes the activations that the caller chose with the releases,
# so that no rollback finds half of one.
remove_activations() {
	for key in $keys; do
		rm -rf "$base/activations/${key:?}" || stuck "$base/activations/$key"
	done
}
