# Describes a tree, so that two machines can compare theirs; see inventory.go in
# internal/release.

listing() {
	(cd "$1" && find . -mindepth 1 \
		-type d -printf 'd\t%P\n' -o \
		-type f -printf 'f\t%m\t%s\t%P\n' -o \
		-type l -printf 'l\t%l\t%P\n' -o \
		-printf 'other\t%y\t%P\n')
}

checksums() {
	(cd "$1" && find . -type f -printf '%P\0' | sort -z | xargs -0 -r sha256sum --)
}
