# Tests whether git has written a work tree as the commit has it: git checkout succeeds even
# if it could not write every file.

# check_files TREE ends the build if a file is missing, or is not what git writes for it. A
# file may be what git writes, and count as changed at once: its attributes (text, eol,
# ident) would change it in the next commit. So git writes these files a second time.
check_files() {
	git -C "$1" diff-index --quiet HEAD -- && return
	missing=$(git -C "$1" ls-files --deleted | head -n 1)
	[ -z "$missing" ] || unwritten "$1" "$missing"
	again=$scratch/again
	rm -rf "$again"
	mkdir "$again" && changed_files "$1" >"$scratch/changed" || failed "cannot compare $1 with the commit: see the lines above"
	quietly -C "$1" checkout-index --prefix="$again/" -z --stdin <"$scratch/changed" || unwritten "$1" "every file"
	# The tree has files that were not written again, and no other difference.
	differs=$(LC_ALL=C diff -rq --no-dereference "$again" "$1" | grep -vF "Only in $1" | head -n 1)
	[ -z "$differs" ] || unwritten "$1" "every file ($differs)"
	rm -rf "$again"
}

# changed_files TREE prints the names of the files that count as changed, each with a NUL at
# its end. It omits those that a filter writes: a filter may write something else each time.
changed_files() {
	git -C "$1" diff-index --name-only --ignore-submodules -z HEAD -- | git -C "$1" check-attr -z --stdin filter | tr '\n\0' '\0\n' |
		awk 'NR % 3 == 1 { file = $0 } NR % 3 == 0 && ($0 == "unspecified" || $0 == "unset") { print file }' | tr '\n\0' '\0\n'
}

# unwritten TREE WHAT ends the build. The mirror is to blame only if its objects cannot be
# read.
unwritten() {
	git -C "$1" ls-tree -r HEAD | awk '$2 == "blob" { print $3 }' >"$scratch/objects"
	! git -C "$1" cat-file --batch-check <"$scratch/objects" | grep -q ' missing$' &&
		git -C "$1" cat-file --batch <"$scratch/objects" >/dev/null || damaged
	failed "git has not written $2 of the repository as the commit has it: see the lines above"
}

# name_unknown_filters COMMIT says which filters of .gitattributes git does not know: it
# leaves their files as they are stored, and calls that a success.
name_unknown_filters() {
	git --git-dir="$git_dir" grep -hoE '^[^#].*[[:space:]]filter=[^[:space:]]+' "$1" -- .gitattributes '*/.gitattributes' |
		sed 's/.*filter=//' | sort -u | while IFS= read -r filter; do
		[ "$filter" != lfs ] && ! git config "filter.$filter.smudge" >/dev/null && ! git config "filter.$filter.process" >/dev/null || continue
		echo "the git of the build server has no filter $filter, which .gitattributes names: its files are left as they are stored. Configure filter.$filter for $(id -un) there if the build needs them"
	done
}
