# Libraries: buildroot
# Removes artifacts that nobody holds. Without IDs, it reports the artifacts and this
# host's time instead, so that the caller can choose.
# Takes: app (ORG/APP), ids (separated by blanks).
main() {
	artifacts=$root/$app/artifacts
	[ -n "$ids" ] || say_what_there_is
	for id in $ids; do
		artifact=$artifacts/$id
		[ -d "$artifact" ] || continue
		# Only a subshell has the descriptor, so the lock ends with it.
		(remove) 8<"$artifact" || [ ! -d "$artifact" ] || fact failed "$artifact: cannot open it as $(id -un)"
	done
}

say_what_there_is() {
	must_list "$artifacts"
	fact now "$(date +%s)"
	for artifact in "$artifacts"/*T*; do
		id=${artifact##*/}
		case $id in *[!0-9T]*) continue ;; esac
		[ ! -d "$artifact" ] || fact artifact "$id"
	done
}

remove() {
	flock -x -n 8 || return 0                 # a deploy holds it
	[ "$artifact" -ef /dev/fd/8 ] || return 0 # another sweep was faster
	# Rename first: a deploy that waits for the lock must find no artifact, not half of
	# one.
	if problem=$(exec 8<&-; mv -T "$artifact" "$artifact.part" 2>&1) &&
		exec 8<&- && problem=$(rm -rf "$artifact.part" 2>&1); then
		fact removed "$id"
	else
		fact failed "$artifact: $(printf '%s' "$problem" | head -n 1)"
	fi
}
