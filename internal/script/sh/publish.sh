# Libraries: buildroot
# Makes a finished artifact visible under its ID. Takes: app (ORG/APP), id.
main() {
	artifact=$root/$app/artifacts/$id
	rm -rf "$root/$app/scratch"
	sync -f "$artifact.part" && mv -T "$artifact.part" "$artifact" && sync -f "$root/$app/artifacts" ||
		failed "cannot publish $artifact: see the lines above"
}
