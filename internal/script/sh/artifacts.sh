# Libraries: buildroot
# Reports for each artifact its size on the disk, whether a deploy holds it now, its
# manifest up to the list of files, and last its name.
# Takes: app (ORG/APP).
main() {
	must_list "$root/$app/artifacts"
	for artifact in "$root/$app/artifacts"/*T*; do
		id=${artifact##*/}
		case $id in *[!0-9T]*) continue ;; esac
		bytes=$(du -s --block-size=1 "$artifact" | cut -f 1)
		flock -x -n -E 75 8 8<"$artifact"
		[ $? = 75 ] && held=yes || held=no
		manifest=$(head_of "$artifact/manifest.json")
		[ -d "$artifact" ] || continue # a sweep may have just removed it
		fact bytes "$bytes"
		fact held "$held"
		fact manifest "$manifest"
		fact artifact "$id"
	done
}

# head_of FILE prints the part of a manifest before its list of files as one line,
# or nothing if it cannot read it. The size is bounded, since the file may hold
# anything.
head_of() { sed -n '/^ "files": /q; p' "$1" | tr '\n' ' ' | head -c 65536; }
