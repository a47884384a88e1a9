# Fetches a repository into its mirror and lays out exactly one commit of it.
# Takes: app (ORG/APP), id, mirror (its key), repository, revision (full commit ID).
main() {
	command -v git >/dev/null || die "git is not installed for $(id -un)"
	artifacts=$root/$app/artifacts
	mkdir -p "$artifacts" "$root/mirrors" || die "cannot create $artifacts"
	rm -rf "$artifacts"/*.part
	if [ -e "$artifacts/$id" ]; then
		fact taken yes
		exit 0
	fi
	mkdir "$artifacts/$id.part" || die "cannot create $artifacts/$id.part"
	fetch
	lay_out
}

# git must fail where it would ask, and speak only the protocols that are meant.
export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=ssh:https
export GIT_SSH_COMMAND='ssh -o BatchMode=yes -o StrictHostKeyChecking=yes'

fetch() {
	git_dir=$root/mirrors/$mirror.git
	exec 8>>"$git_dir.lock"
	flock -w 600 8 || die "another build has been fetching $repository for 600 s"
	git init --quiet --bare "$git_dir" || die "cannot create the mirror $git_dir"
	if ! has_commit; then
		git --git-dir="$git_dir" fetch --prune --tags -- "$repository" '+refs/heads/*:refs/heads/*' 8>&- 3>&- ||
			die "cannot fetch $repository as $(id -un): see the lines above (does the repository exist, may this build host read it, is its host key in known_hosts?)"
	fi
	# A commit of a pull request or of a branch that is gone is on no branch.
	has_commit || git --git-dir="$git_dir" fetch -- "$repository" "$revision" 8>&- 3>&- || true
	has_commit || die "commit $revision is not in $repository"
	exec 8>&-
}

has_commit() { git --git-dir="$git_dir" cat-file -e "$revision^{commit}" 2>/dev/null; }

lay_out() {
	tree=$root/$app/checkout
	rm -rf "$tree" || die "cannot remove the tree of the build before, $tree"
	GIT_ALLOW_PROTOCOL=file git clone --quiet --local --no-checkout "$git_dir" "$tree" 3>&- &&
		git -C "$tree" remote set-url origin "$repository" &&
		git -C "$tree" checkout --quiet --detach "$revision" 3>&- ||
		die "cannot check out $revision in $tree: see the lines above"
	fact subject "$(git -C "$tree" log -1 --format=%s)"
}
