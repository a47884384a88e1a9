# verify TREE METADATA compares a tree with its manifest's lists, entry by entry
# and byte by byte; what differs goes to the log.
verify() {
	listing "$1" | diff "$2/listing" - || return 1
	(cd "$1" && sha256sum --check --quiet --strict "$2/checksums")
}
