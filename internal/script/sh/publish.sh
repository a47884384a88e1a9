# Makes a finished artifact visible under its ID. Takes: app (ORG/APP), id.
main() {
	artifact=$root/$app/artifacts/$id
	sync -f "$artifact.part" && mv -T "$artifact.part" "$artifact" && sync -f "$root/$app/artifacts" ||
		die "cannot publish $artifact: see the lines above"
}
