# Libraries: buildroot
# Ends what still runs of a failed build and removes what it left.
# Takes: app (ORG/APP), id.
main() {
	spare=none
	reap
	rm -rf "$root/$app/artifacts/$id.part" "$root/$app/scratch" || die "cannot remove $root/$app/artifacts/$id.part"
}
