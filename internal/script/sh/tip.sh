# Libraries: buildroot input git
# Reports the commit that a ref leads to now. It asks the repository itself: the
# mirror has only what the last build fetched.
# Takes: repository, ref (refs/...). Input: credentials and host keys for git.
main() {
	# A build of the same application may be running, and has its own scratch.
	own=$(mktemp -d) || die "cannot create a directory for temporary files"
	trap 'rm -rf "$own"' EXIT
	take_input_in "$own/scratch"
	git_access
	# git has no time limit of its own for a server that does not answer.
	said=$(timeout 20 git ls-remote -- "$repository" "$ref" 2>&1 3>&-) || die "the build server cannot ask $repository: $(why "$?")"
	# The server also lists refs that end in the same words.
	printf '%s\n' "$said" | while IFS='	' read -r commit name; do
		[ "$name" != "$ref" ] || ! is_commit "$commit" || fact tip "$commit"
	done
}

why() {
	case $1 in
	124) echo "it did not answer within 20 s" ;;
	*) printf '%s\n' "$said" | grep -E '^(ssh|fatal|error|remote|ERROR|Host key|.*Permission denied)' | grep -v 'Could not read from remote' | head -n 1 ;;
	esac
}
