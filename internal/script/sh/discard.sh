# Libraries: buildroot
# Ends the remaining processes of a failed build and removes its files.
# Takes: token, app (ORG/APP), id.
main() {
	owned
	spare=none
	reap
	rm -rf "$root/$app/artifacts/$id.part" "$root/$app/scratch" || die "cannot remove $root/$app/artifacts/$id.part"
}
