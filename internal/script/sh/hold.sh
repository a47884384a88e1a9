# Libraries: buildroot beats
# Holds an artifact for as long as the caller lives, so that no sweep removes it: until
# the connection ends, or no byte has come for 30 s. Any number of callers may hold it
# at once.
# Takes: app (ORG/APP), id.
main() {
	artifact=$root/$app/artifacts/$id
	[ -d "$artifact" ] || gone
	# Lock the directory itself, to add no file to it. Without "command", dash would
	# exit here without a reason.
	command exec 8<"$artifact" || die "cannot open $artifact as $(id -un): give it to this user"
	# A sweep holds the lock only during a rename, and a listing only while it looks.
	flock -s -w 60 8 || die "$artifact has been locked by another program for 60 s: see 'fuser $artifact'"
	[ "$artifact" -ef /dev/fd/8 ] || gone
	ready
	beats '' '' 8<&-
}

gone() {
	die "the build server has no artifact $id of $app: see which it has with 'slipway artifacts'; an old one may have been removed (keep-artifacts), then build its revision again"
}
