# deps and _build are kept from a build that ended well for the next one with
# the same key. While a build runs, they lie in its checkout and nowhere else: a
# build that dies takes them with it, and the next one starts from nothing.
#
# deps_path and build_path are where mix has them, from the repository's top.

# How many keys' state stays: main, a branch, and the one before an update.
states_kept=3

# restore_state says what a build goes on from: nothing, the dependencies'
# sources, their compiled files, or the project's too.
restore_state() {
	case $clean in yes) rm -rf "$root/$app/state" ;; esac
	aside=$checkout.state
	if [ -e "$checkout/$deps_path" ] || [ -e "$checkout/$build_path" ] || ! mv -T "$root/$app/state/$key" "$aside" 2>/dev/null; then
		fact state none
		return
	fi
	last=$(cat "$aside/revision")
	own_dropped=$(cat "$aside/own_dropped" 2>/dev/null)
	for kept in deps build; do
		eval "place=\$checkout/\$${kept}_path"
		[ ! -e "$aside/$kept" ] || mv -T "$aside/$kept" "$place" || failed "cannot restore $kept"
	done
	rm -rf "$aside"
	choose_state
}

choose_state() {
	if ! changed=$(git diff-tree -r --name-status --no-renames "$last" HEAD 2>/dev/null) || dependencies_may_differ; then
		rm -rf "${checkout:?}/$build_path"
		fact state sources
	elif [ -z "$own_dropped" ] && only_sources_changed && ! reads_git; then
		drop_releases
		fact state all
	else
		drop_own
		fact state dependencies
	fi
}

# Dependencies are compiled with the project's configuration, and mix.exs says
# which ones they find. A new version of the project is nothing to them.
dependencies_may_differ() {
	printf '%s\n' "$changed" | cut -f2 | grep -E '\.exs$' | grep -vE '(^|/)test/' | while IFS= read -r file; do
		case $file in
		mix.exs | */mix.exs) git -C "$checkout" diff --no-ext-diff --unified=0 "$last" HEAD -- "$file" | grep '^[-+]' | grep -vE '^(---|\+\+\+) ' | grep -qvE '^[-+] *(@version|version:) *"[^"]*",? *$' || continue ;;
		esac
		echo "$file"
	done | grep -q .
}

# only_sources_changed says whether mix by itself sees everything that has
# changed since the last build: other contents of files that it compiles. What a
# module reads from elsewhere, or finds by listing a directory, mix does not see.
only_sources_changed() {
	! printf '%s\n' "$changed" | grep -v '^$' |
		grep -qvE '^M	(.*/)?(lib|web)/.*\.(ex|eex|heex|leex)$|^[AMD]	((apps/[^/]+/)?test/.*|README\.md|CHANGELOG\.md)$'
}

# reads_git says whether the project's code runs git, most likely while it is
# compiled: the commit is then in compiled files.
reads_git() { git grep -qE '(System\.cmd|os\.cmd|Port\.open|System\.shell).*git' HEAD -- ':(top)*.ex'; }

drop_releases() {
	# Releases that lie there would gather what older ones had.
	rm -rf "${checkout:?}/$build_path"/*/rel "$checkout/$build_path"/*/*.tar.gz
}

# drop_own removes what was compiled of anything but fetched dependencies.
drop_own() {
	drop_releases
	for lib in "$checkout/$build_path"/*/lib/*; do
		[ -d "$checkout/$deps_path/${lib##*/}" ] || rm -rf "$lib"
	done
	rm -rf "$checkout/$build_path"/*/consolidated
}

# keep_state keeps deps and _build, and of which commit they are.
keep_state() {
	[ -z "$(git -C "$checkout" ls-files -- "$deps_path" "$build_path")" ] || return 0 # they are the repository's own
	aside=$checkout.state
	rm -rf "$aside"
	mkdir -p "$aside" "$root/$app/state" && git rev-parse HEAD >"$aside/revision" && printf '%s' "${1-}" >"$aside/own_dropped" ||
		failed "cannot keep deps and _build for the next build"
	for kept in deps build; do
		eval "place=\$checkout/\$${kept}_path"
		[ ! -e "$place" ] || mv -T "$place" "$aside/$kept" || failed "cannot keep $kept for the next build"
	done
	rm -rf "$root/$app/state/$key"
	mv -T "$aside" "$root/$app/state/$key" || failed "cannot keep deps and _build for the next build"
	touch "$root/$app/state/$key"
	# The names are keys of Slipway's own making.
	ls -t "$root/$app/state" | tail -n "+$((states_kept + 1))" | while read -r old; do rm -rf "$root/$app/state/$old"; done
}

# spoiled is failed for a build whose dependencies are good: they are kept.
spoiled() {
	look
	drop_own
	keep_state yes
	failed "$*"
}
