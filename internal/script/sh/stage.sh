# Libraries: buildroot inventory verify launcher critical
# Puts a release on the host, complete and verified. It changes nothing that runs.
# Takes: base, token, id, digest (of the release), from (the release on this host that the
# new one is made from; empty: none), codec (zstd or gzip, of the parcel that comes as
# input: see internal/parcel), app (ORG/APP, whose artifact is on this same machine;
# empty: a parcel comes).
#
# All of it happens in a directory with the token in its name: nobody else uses that. Only
# the end is a critical section, since the rest takes too long for one.
main() {
	is_ours || fenced
	release=$base/releases/$id
	part=$release.$token.part
	lists=$base/.slipway/releases
	mkdir "$part" || die "cannot create $part"
	[ -d "$lists" ] || mkdir -p "$lists" || discard "cannot create $lists"
	if [ -n "$app" ]; then
		copy "$root/$app/artifacts/$id/tree" "$root/$app/artifacts/$id/manifest.json" "$part" ||
			discard "the release could not be copied from $root/$app/artifacts/$id to $part: see the lines above (is the disk full?)"
	else
		unpack
	fi
	set -- "$part/tree" "$part/manifest.json" "$digest"
	[ -z "$from" ] || set -- "$@" "$lists/$from/manifest.json" /dev/fd/4
	verify "$@" || discard "what arrived in $part is not what was built: see the lines above, and run it again"
	critical finish || return
	! has_launcher || fact launcher yes
}

# copy makes copies that share nothing with the originals: a write to the one never
# changes the other. On some file systems, both use the same blocks until then.
copy() { cp -R -P --reflink=auto --preserve=timestamps "$@"; }

# unpack makes the tree: from the base, if there is one, and from what comes.
#
# Links and all else that is no file are left out of the copy, and come with the parcel:
# who has changed the base by hand must not have tar write or rm remove elsewhere.
unpack() {
	ready
	if [ -n "$from" ]; then
		copy -T "$base/releases/$from" "$part/tree" && find "$part/tree" ! -type d ! -type f -delete ||
			discard "the release could not be made from $from: see the lines above (is the disk full?)"
	fi
	set -- "$codec" -dc
	[ -z "$from" ] || take_known
	[ ! -e "$part/known" ] || set -- "$@" -D "$part/known"
	# A pipe has only the status of its last command: a file tells that another one failed.
	{ "$@" || : >"$part/broken"; } | tar -x --no-same-owner --no-same-permissions -f - -C "$part" &&
		[ ! -e "$part/broken" ] || discard "the release could not be unpacked in $part: see the lines above (is the disk full?)"
	[ -z "$from" ] || take_away || discard "cannot remove what $from has and $id does not: see the lines above"
}

# take_known joins the files that the parcel names at its beginning: whoever packed it
# knew them too, and zstd needs them. They are in the copy, which has no links.
take_known() {
	set --
	while IFS= read -r path && [ -n "$path" ]; do set -- "$@" "$part/tree/$path"; done
	[ $# = 0 ] || cat -- "$@" >"$part/known" || discard "cannot read what the release is made from: see the lines above"
}

# take_away removes what only the base has, and what came beside the tree: verify reads
# the patch from descriptor 4. One program removes many paths.
take_away() {
	command exec 4<"$part/patch" || return
	set -- "$part/patch" "$part/remove" "$part/known"
	if [ -e "$part/remove" ]; then
		while IFS= read -r path; do
			set -- "$@" "$part/tree/$path"
			[ $# -lt 200 ] || { rm -rf "$@" && set --; } || return
		done <"$part/remove"
	fi
	rm -rf "$@"
}

# finish puts the release and its manifest into place. What is left of the part is the
# directory with the manifest. A power cut before the end may leave one without the other,
# or parts of them: then the release does not pass the next check, and is staged again.
# current never points to a release before all of it is on the disk.
finish() {
	mv -T "$part/tree" "$release" || discard "cannot rename $part/tree to $release"
	[ ! -e "$lists/$id" ] || rm -rf "${lists:?}/$id"
	mv -T "$part" "$lists/$id" && sync -f "$release" "$lists/$id" || {
		mv -T "$release" "$release.$token.gone.part"
		discard "cannot rename $part to $lists/$id, or write it to disk"
	}
}

# discard removes what has come. If another run has the lock by now, that is the reason:
# it may have removed this run's files. If the release was made from another one, all of
# it may still be staged.
discard() {
	is_ours || fenced
	[ -z "$from" ] || fact unfit yes
	rm -rf "$part" "$release.$token.gone.part"
	die "$@"
}
