# Libraries: buildroot input git worktree
# Fetches a repository into its mirror and checks out exactly one commit of it.
# Takes: token, app (ORG/APP), id, repository, revision (full commit ID, branch or tag),
# least (MB that must be free). Input: credentials and host keys for git.
main() {
	command -v git >/dev/null || die "git is not installed on the build server, or not on the PATH of $(id -un): install it"
	owned
	artifacts=$root/$app/artifacts
	mkdir -p "$artifacts" "$root/mirrors" || die "cannot create $artifacts"
	if [ -e "$artifacts/$id" ]; then
		fact taken yes
		answered
	fi
	spare=$id
	reap
	tree=$root/$app/checkout
	remove_leftovers
	has_room
	mkdir "$artifacts/$id.part" || failed "cannot create $artifacts/$id.part"
	take_input
	git_access
	mark_build
	mirror "$repository" "$revision"
	resolve
	lay_out
	release_mirror
	submodules "$tree"
}

# remove_leftovers also removes files that a project's commands made read-only.
remove_leftovers() {
	set -- "$artifacts"/*.part "$tree" "$tree.state" "$tree.dependencies"
	rm -rf "$@" 2>/dev/null && return
	chmod -R u+rwX "$@" 2>/dev/null
	rm -rf "$@" || die "cannot remove the leftovers of an earlier build in $root/$app: see the lines above; whose files are they?"
}

has_room() {
	look
	[ "$room" -ge "$least" ] || die "the build server's disk is full: $room MB are free below $root, and a build needs at least $least. Free some, or lower keep-artifacts"
	room=
	inodes=$(df -Pi "$root" | awk 'NR == 2 { print $4 }')
	# Some file systems have no fixed number of inodes and say 0 or -.
	case $inodes in
	'' | 0 | *[!0-9]*) ;;
	*) [ "$inodes" -ge 10000 ] || die "the build server's disk has only $inodes inodes left below $root: remove files, or lower keep-artifacts" ;;
	esac
}

resolve() {
	if is_commit "$revision"; then
		has_commit "$revision" || die "commit $revision is not in $repository"
		commit=$revision
		return
	fi
	found=
	for ref in "$revision" "refs/heads/$revision" "refs/tags/$revision"; do
		case $ref in refs/*) ;; *) continue ;; esac
		at=$(git --git-dir="$git_dir" rev-parse --verify --quiet "$ref^{commit}") || continue
		[ -z "$found" ] || die "$repository has a branch and a tag $revision: say refs/heads/$revision or refs/tags/$revision"
		found=$ref commit=$at
	done
	[ -n "$found" ] || ! printf '%s' "$revision" | grep -qE '^[0-9a-f]{4,39}$' || die "there is no branch or tag $revision in $repository; if it is a commit, give its full ID"
	[ -n "$found" ] || die "there is no branch or tag $revision in $repository"
}

lay_out() {
	needs_lfs "$git_dir" "$commit"
	name_unknown_filters "$commit"
	GIT_ALLOW_PROTOCOL='file' git clone --quiet --local --no-checkout --origin origin "$git_dir" "$tree" 3>&- 8>&- &&
		git -C "$tree" remote set-url origin "$repository" &&
		quietly -C "$tree" checkout --quiet --detach "$commit" ||
		failed "cannot check out $commit in $tree: see the lines above"
	check_files "$tree"
	large_files "$tree"
	fact revision "$commit"
	fact subject "$(git -C "$tree" log -1 --no-show-signature --format=%s)"
}

# quietly runs git without the user's own hooks, and without Git LFS fetching files
# on its own.
quietly() { GIT_LFS_SKIP_SMUDGE=1 git -c core.hooksPath=/dev/null "$@" 3>&- 8>&-; }

# submodules TREE checks out the submodules of a tree, each from its own mirror.
submodules() {
	[ -f "$1/.gitmodules" ] || return 0
	git -C "$1" submodule --quiet init || failed "cannot read .gitmodules"
	git -C "$1" config --file .gitmodules --name-only --get-regexp '^submodule\..*\.path$' | while IFS= read -r setting; do
		path=$(git -C "$1" config --file .gitmodules "$setting")
		pinned=$(git -C "$1" rev-parse --verify --quiet "HEAD:$path") || continue # listed, but not in this commit
		url=$(git -C "$1" config "${setting%.path}.url") || die ".gitmodules names no URL for $path"
		mirror "$url" "$pinned"
		has_commit "$pinned" || die "submodule $path: commit $pinned is not in $url"
		needs_lfs "$git_dir" "$pinned"
		name_unknown_filters "$pinned"
		GIT_ALLOW_PROTOCOL='file' quietly -C "$1" -c "url.$git_dir.insteadOf=$url" submodule --quiet update --init -- "$path" ||
			failed "cannot check out submodule $path: see the lines above"
		check_files "$1/$path"
		large_files "$1/$path"
		release_mirror
		submodules "$1/$path"
	done || exit 1
}

# needs_lfs GIT_DIR COMMIT finds out whether a commit has files in Git LFS, before it
# is checked out. The result is in $large.
needs_lfs() {
	large=$(git --git-dir="$1" grep -lE '(^|[[:space:]])filter=lfs' "$2" -- .gitattributes '*/.gitattributes')
	[ -z "$large" ] || git lfs version >/dev/null 2>&1 || die "the repository has files in Git LFS: install git-lfs on the build server"
}

# large_files TREE fetches the files in Git LFS; its objects are kept in the mirror.
large_files() {
	[ -n "$large" ] || return 0
	git -C "$1" config lfs.storage "$git_dir/lfs" &&
		git -C "$1" lfs install --local --skip-repo >/dev/null &&
		git -C "$1" lfs pull 3>&- 8>&- || failed "cannot fetch the files in Git LFS: see the lines above"
}
