# Libraries: buildroot
# Reports the relations of a commit to others, according to the mirror of its
# repository.
# Takes: repository, revision, others (commits, separated by blanks).
main() {
	mirror_of "$repository"
	for other in $others; do fact "$(relation)" "$other"; done
}

# relation prints "unknown" if the mirror lacks one of the commits, or any commit
# between them.
relation() {
	if [ "$other" = "$revision" ]; then
		echo same
		return
	fi
	is_in "$revision" "$other"
	older=$?
	is_in "$other" "$revision"
	newer=$?
	case $older$newer in
	0*) echo ancestor ;;
	10) echo descendant ;;
	11) echo unrelated ;;
	*) echo unknown ;;
	esac
}

is_in() { git --git-dir="$git_dir" merge-base --is-ancestor "$1" "$2" 2>/dev/null; }
