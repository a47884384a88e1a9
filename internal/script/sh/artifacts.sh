# Libraries: buildroot
# Says for each artifact what it takes on the disk, whether a deploy holds it
# now, its manifest up to the list of files, and last its name.
# Takes: app (ORG/APP).
main() {
	for artifact in "$root/$app/artifacts"/*T*; do
		id=${artifact##*/}
		case $id in *[!0-9T]*) continue ;; esac
		bytes=$(du -s --block-size=1 "$artifact" | cut -f 1)
		flock -x -n -E 75 8 8<"$artifact"
		[ $? = 75 ] && held=yes || held=no
		manifest=$(head_of "$artifact/manifest.json")
		[ -d "$artifact" ] || continue # also if a sweep came in between
		fact bytes "$bytes"
		fact held "$held"
		fact manifest "$manifest"
		fact artifact "$id"
	done
}

# head_of FILE prints the lines before the files as one, and nothing if it cannot
# read them. There is a bound, since a file of this name may hold anything.
head_of() { sed -n '/^ "files": /q; p' "$1" | tr '\n' ' ' | head -c 65536; }
