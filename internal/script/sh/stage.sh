# Libraries: buildroot inventory verify critical
# Puts the release on the host, complete and verified. It changes nothing that runs.
# Takes: base, token, id, most (bytes that a tar of the release can have), app (ORG/APP,
# whose artifact is on this same machine; empty: the release comes as input, as a gzipped
# tar). The caller has already written the lists
# that the release must match to .slipway/releases/ID.TOKEN.
#
# Unpacking takes too long for a critical section. So until the end, all names have the
# token in them: nobody else uses them.
main() {
	release=$base/releases/$id
	part=$release.$token.part
	lists=$base/.slipway/releases/$id.$token
	critical begin
	if [ -n "$app" ]; then
		unpack tar -c -C "$root/$app/artifacts/$id/tree" . ||
			discard "the release could not be copied from $root/$app/artifacts/$id to $part: see the lines above (is the disk full?)"
	else
		ready
		unpack gzip -dc || discard "the release could not be unpacked in $part: see the lines above (is the disk full?)"
	fi
	verify "$part" "$lists" ||
		discard "what arrived in $part is not what was built: see the lines above, and run it again"
	# current must never point to a release whose files are only in memory.
	sync -f "$part" || discard "cannot write $part to disk"
	critical finish
}

begin() { mkdir "$part" || die "cannot create $part"; }

# finish puts the lists into place first: no release may be there without them. They
# may be on another file system than the releases.
finish() {
	rm -rf "$base/.slipway/releases/$id" && mv -T "$lists" "$base/.slipway/releases/$id" && sync -f "$base/.slipway/releases" ||
		discard "cannot rename $lists to $base/.slipway/releases/$id"
	mv -T "$part" "$release" || discard "cannot rename $part to $release"
	sync -f "$base/releases"
}

# unpack COMMAND unpacks the tar that COMMAND writes. A small archive can have any number
# of bytes and entries, and the release is verified only at the end. So no more is
# unpacked than the release can have. Each entry takes 512 bytes or more of the tar.
#
# A pipe has only the status of its last command: files tell what happened in the others.
unpack() {
	{ "$@" || : >"$lists/broken"; } | bounded |
		tar -x --no-same-owner --no-same-permissions -f - -C "$part"
	unpacked=$?
	[ ! -e "$lists/large" ] ||
		discard "what arrived for $id has more than $most bytes, and the release that was built has fewer: nothing of it was kept; build it again"
	[ "$unpacked" = 0 ] && [ ! -e "$lists/broken" ]
}

bounded() { head -c "$most" && { [ "$(head -c 1 | wc -c)" -eq 0 ] || : >"$lists/large"; }; }

# discard removes what has come. If another run has the lock by now, that is the reason:
# it may have removed this run's files.
discard() {
	is_ours || fenced
	rm -rf "$part" "$lists"
	die "$@"
}
