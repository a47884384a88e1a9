# Libraries: buildroot inventory verify launcher critical
# Puts a release on the host, complete and verified. It changes nothing that runs.
# Takes: base, token, id, digest (of the release), from (the release on this host that the
# new one is made from; empty: none), codec (zstd or gzip, of the parcel that comes as
# input: see internal/parcel), app (ORG/APP, whose artifact is on this same machine;
# empty: a parcel comes).
#
# All of it happens in two directories with the token in their names, for the tree and for
# the manifest: nobody else uses those. Only the end is a critical section, since the rest
# takes too long for one.
main() {
	is_ours || fenced
	release=$base/releases/$id
	part=$release.$token.part
	lists=$base/.slipway/releases
	list=$lists/$id.$token
	[ -d "$lists" ] || mkdir -p "$lists" || die "cannot create $lists"
	mkdir "$part" "$list" || discard "cannot create $part and $list"
	if [ -n "$app" ]; then
		copy -T "$root/$app/artifacts/$id/tree" "$part" && command exec 4<"$root/$app/artifacts/$id/manifest.json" ||
			discard "the release could not be copied from $root/$app/artifacts/$id to $part: see the lines above (is the disk full?)"
	else
		unpack
	fi
	set -- "$part" "$list/manifest.json" "$digest"
	if [ -n "$from" ]; then
		set -- "$@" step=base "$lists/$from/manifest.json" step=patch /dev/fd/4
	else
		set -- "$@" step=whole /dev/fd/4
	fi
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
		copy -T "$base/releases/$from" "$part" && find "$part" ! -type d ! -type f -delete ||
			discard "the release could not be made from $from: see the lines above (is the disk full?)"
	fi
	set -- "$codec" -dc
	[ -z "$from" ] || take_known
	[ ! -e "$list/known" ] || set -- "$@" -D "$list/known"
	# A pipe has only the status of its last command: a file tells that another one failed.
	{ "$@" || : >"$list/broken"; } | tar -x --strip-components=1 --no-same-owner --no-same-permissions -f - -C "$part" &&
		[ ! -e "$list/broken" ] || discard "the release could not be unpacked in $part: see the lines above (is the disk full?)"
	take_away || discard "cannot remove what ${from:-the parcel} has and $id does not: see the lines above"
}

# take_known joins the files that the parcel names at its beginning: whoever packed it
# knew them too, and zstd needs them. They are in the copy, which has no links.
take_known() {
	set --
	while IFS= read -r path && [ -n "$path" ]; do set -- "$@" "$part/$path"; done
	[ $# = 0 ] || cat -- "$@" >"$list/known" || discard "cannot read what the release is made from: see the lines above"
}

# take_away removes what only the base has, and what came beside the release: verify
# reads the patch, or the manifest, from descriptor 4. One program removes many paths.
take_away() {
	if [ -n "$from" ]; then own=$part/.slipway.patch; else own=$part/.slipway.manifest; fi
	command exec 4<"$own" || return
	set -- "$own" "$part/.slipway.remove" "$list/known"
	if [ -e "$part/.slipway.remove" ]; then
		while IFS= read -r path; do
			set -- "$@" "$part/$path"
			[ $# -lt 200 ] || { rm -rf "$@" && set --; } || return
		done <"$part/.slipway.remove"
	fi
	rm -rf "$@"
}

# finish puts the release and its manifest into place. The manifest comes first: whoever
# is killed here leaves no release without one. Both renames are within a file system. A
# power cut before the end may leave one without the other, or parts of them: then the
# release does not pass the next check, and is staged again. current never points to a
# release before all of it is on the disk.
finish() {
	[ ! -e "$release" ] || discard "$release is there, and was not when this run looked: run it again"
	[ ! -e "$lists/$id" ] || rm -rf "${lists:?}/$id"
	mv -T "$list" "$lists/$id" && mv -T "$part" "$release" && sync -f "$release" "$lists/$id" || {
		[ ! -e "$release" ] || mv -T "$release" "$release.$token.gone.part"
		rm -rf "${lists:?}/$id"
		discard "cannot rename $part to $release and $list to $lists/$id, or write them to disk"
	}
}

# discard removes what has come. If another run has the lock by now, that is the reason:
# it may have removed this run's files. If the release was made from another one, all of
# it may still be staged.
discard() {
	is_ours || fenced
	[ -z "$from" ] || fact unfit yes
	rm -rf "$part" "$list" "$release.$token.gone.part"
	die "$@"
}
