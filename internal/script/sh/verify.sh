# verify TREE METADATA compares a tree with the lists of its manifest, entry by entry
# and byte by byte. Differences go to the log.
verify() {
	listing "$1" | diff "$2/listing" - || return 1
	(cd "$1" && sha256sum --check --quiet --strict "$2/checksums")
}
