# Removes what a failed build left. Takes: app (ORG/APP), id.
main() { rm -rf "$root/$app/artifacts/$id.part" || die "cannot remove $root/$app/artifacts/$id.part"; }
