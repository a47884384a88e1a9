# Libraries: buildroot
# Makes a finished artifact visible under its ID. Takes: token, app (ORG/APP), id.
main() {
	owned
	artifact=$root/$app/artifacts/$id
	rm -rf "$root/$app/scratch"
	sync -f "$artifact.part" && mv -T "$artifact.part" "$artifact" && sync -f "$root/$app/artifacts" ||
		failed "cannot publish $artifact: see the lines above"
}
