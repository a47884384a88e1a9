# Keeps deps and _build of a successful build for the next build with the same key.
# While a build runs, they are in its checkout and nowhere else. So a build that dies
# takes them with it, and the next one starts from nothing.
#
# deps_path and build_path are their paths, relative to the repository's top.

# For how many keys the state is kept: main, a branch, and the one before an update.
states_kept=3

# restore_state restores and reports what a build can reuse: nothing, the sources of
# dependencies, their compiled files, or those of the project too.
# shellcheck disable=SC2154 # the scripts that call this take clean
restore_state() {
	case $clean in yes) rm -rf "$root/$app/state" ;; esac
	aside=$checkout.state
	if [ -e "$checkout/$deps_path" ] || [ -e "$checkout/$build_path" ] || ! mv -T "$root/$app/state/$key" "$aside" 2>/dev/null; then
		state=none
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
	fact state "$state"
}

choose_state() {
	if ! changed=$(git diff-tree -r --name-status --no-renames "$last" HEAD 2>/dev/null) || dependencies_may_differ; then
		rm -rf "${checkout:?}/$build_path"
		state=sources
	elif [ -z "$own_dropped" ] && only_sources_changed && ! reads_git; then
		drop_releases
		state=all
	else
		drop_own
		state=dependencies
	fi
}

# dependencies_may_differ tests whether configuration or mix.exs has changed: both
# decide how dependencies are compiled. A change of just the project's version does not
# matter to them.
dependencies_may_differ() {
	printf '%s\n' "$changed" | cut -f2 | grep -E '\.exs$' | grep -vE '(^|/)test/' | while IFS= read -r file; do
		case $file in
		mix.exs | */mix.exs) git -C "$checkout" diff --no-ext-diff --unified=0 "$last" HEAD -- "$file" | grep '^[-+]' | grep -vE '^(---|\+\+\+) ' | grep -qvE '^[-+] *(@version|version:) *"[^"]*",? *$' || continue ;;
		esac
		echo "$file"
	done | grep -q .
}

# only_sources_changed tests whether mix notices everything that has changed since the
# last build. It notices new contents of files that it compiles. It does not notice
# what a module reads from other files, or finds by listing a directory.
only_sources_changed() {
	! printf '%s\n' "$changed" | grep -v '^$' |
		grep -qvE '^M	(.*/)?(lib|web)/.*\.(ex|eex|heex|leex)$|^[AMD]	((apps/[^/]+/)?test/.*|README\.md|CHANGELOG\.md)$'
}

# reads_git tests whether the project's code runs git. It most likely does so while it
# is compiled, and then compiled files contain the commit.
reads_git() { git grep -qE '(System\.cmd|os\.cmd|Port\.open|System\.shell).*git' HEAD -- ':(top)*.ex'; }

# dependencies_are_there tests whether what was restored has exactly the dependencies that
# mix.exs and the lock file name: those of its own commit, which another file than these
# did not change. mix compares them with the lock file once more when it makes the release.
dependencies_are_there() {
	case $state in all | dependencies) ;; *) return 1 ;; esac
	! printf '%s\n' "$changed" | grep -v '^$' |
		grep -qvE '^[AMD]	((.*/)?(lib|web|src|c_src|priv|assets|test)/.*|README\.md|CHANGELOG\.md|(.*/)?mix\.exs)$'
}

drop_releases() {
	# A release that is assembled over an old one would keep files of the old one.
	rm -rf "${checkout:?}/$build_path"/*/rel "$checkout/$build_path"/*/*.tar.gz
}

# drop_own removes all compiled files except those of fetched dependencies.
drop_own() {
	drop_releases
	for lib in "$checkout/$build_path"/*/lib/*; do
		[ -d "$checkout/$deps_path/${lib##*/}" ] || rm -rf "$lib"
	done
	rm -rf "$checkout/$build_path"/*/consolidated
}

# keep_state keeps deps and _build, and records their commit.
keep_state() {
	[ -z "$(git -C "$checkout" ls-files -- "$deps_path" "$build_path")" ] || return 0 # they are part of the repository
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
	# Slipway made the names, so parsing ls is safe.
	# shellcheck disable=SC2012 # newest first
	ls -t "$root/$app/state" | tail -n "+$((states_kept + 1))" | while read -r old; do rm -rf "$root/$app/state/$old"; done
}

# spoiled is failed for a build whose dependencies are good: it keeps them.
spoiled() {
	look
	forget
	drop_own
	keep_state yes
	failed "$*"
}
