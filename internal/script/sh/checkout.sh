# Fetches a repository into its mirror and lays out exactly one commit of it.
# Takes: app (ORG/APP), id, repository, revision (full commit ID, branch or tag),
# least (MB that must be free). Input: credentials and host keys for git.
main() {
	command -v git >/dev/null || die "git is not installed on the build server, or not on the PATH of $(id -un): install it"
	artifacts=$root/$app/artifacts
	mkdir -p "$artifacts" "$root/mirrors" || die "cannot create $artifacts"
	if [ -e "$artifacts/$id" ]; then
		fact taken yes
		exit 0
	fi
	reap
	tree=$root/$app/checkout
	rm -rf "$artifacts"/*.part "$tree" "$tree.state" || die "cannot remove what the build before has left in $root/$app"
	has_room
	mkdir "$artifacts/$id.part" || failed "cannot create $artifacts/$id.part"
	take_input
	git_access
	mark_build
	mirror "$repository" "$revision"
	resolve
	check_lfs
	lay_out
	submodules "$tree"
	[ -z "$large_files" ] || fetch_large_files
}

has_room() {
	free=$(free_mb)
	[ "$free" -ge "$least" ] || die "the build server's disk is full: $free MB are free below $root, and a build needs at least $least. Free some, or lower keep-artifacts"
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
	[ -n "$found" ] || die "there is no branch or tag $revision in $repository"
}

lay_out() {
	GIT_ALLOW_PROTOCOL=file git clone --quiet --local --no-checkout "$git_dir" "$tree" 3>&- &&
		git -C "$tree" remote set-url origin "$repository" &&
		GIT_LFS_SKIP_SMUDGE=1 git -C "$tree" checkout --quiet --detach "$commit" 3>&- ||
		failed "cannot check out $commit in $tree: see the lines above"
	fact revision "$commit"
	fact subject "$(git -C "$tree" log -1 --format=%s)"
}

# submodules lays out those of a tree, each from a mirror of its own.
submodules() {
	[ -f "$1/.gitmodules" ] || return 0
	git -C "$1" submodule --quiet init || failed "cannot read .gitmodules"
	git -C "$1" config --file .gitmodules --name-only --get-regexp '^submodule\..*\.path$' | while IFS= read -r setting; do
		path=$(git -C "$1" config --file .gitmodules "$setting")
		url=$(git -C "$1" config "${setting%.path}.url") || die ".gitmodules names no URL for $path"
		pinned=$(git -C "$1" rev-parse --verify --quiet "HEAD:$path") || continue # listed, but not in this commit
		mirror "$url" "$pinned"
		has_commit "$pinned" || die "submodule $path: commit $pinned is not in $url"
		GIT_ALLOW_PROTOCOL=file git -C "$1" -c "url.$git_dir.insteadOf=$url" submodule --quiet update --init -- "$path" 3>&- ||
			failed "cannot check out submodule $path: see the lines above"
		submodules "$1/$path"
	done || exit 1
}

check_lfs() {
	large_files=$(git --git-dir="$git_dir" grep -lE '(^|[[:space:]])filter=lfs' "$commit" -- .gitattributes '*/.gitattributes')
	[ -z "$large_files" ] || git lfs version >/dev/null 2>&1 || die "the repository has files in Git LFS: install git-lfs on the build server"
}

# Their objects stay with the mirror.
fetch_large_files() {
	mirror "$repository" "$commit" # names git_dir again
	git -C "$tree" config lfs.storage "$git_dir/lfs" &&
		git -C "$tree" lfs install --local --skip-repo >/dev/null &&
		git -C "$tree" lfs pull 3>&- || failed "cannot fetch the files in Git LFS: see the lines above"
}
