# Keeps deps and _build of a successful build for the next build with the same key.
# While a build runs, they are in its checkout and nowhere else. So a build that dies
# takes them with it, and the next one starts from nothing.
#
# The key is of everything that decides how dependencies are compiled: see stateKey in
# package build. What decides how the project is compiled cannot be known: a module may
# read any file, and ask git. So the project's compiled files are for the very same
# commit alone, unless the caller chooses otherwise.
#
# deps_path and build_path are their paths, relative to the repository's top.

# For how many keys the state is kept: main, a branch, and the one before an update.
states_kept=3

# restore_state restores and reports what a build can reuse: nothing, the fetched and
# compiled dependencies, or the compiled files of the project too.
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
	last_commands=$(cat "$aside/commands" 2>/dev/null)
	own_dropped=$(cat "$aside/own_dropped" 2>/dev/null)
	for kept in deps build; do
		eval "place=\$checkout/\$${kept}_path"
		[ ! -e "$aside/$kept" ] || mv -T "$aside/$kept" "$place" || failed "cannot restore $kept"
	done
	rm -rf "$aside"
	if [ -z "$own_dropped" ] && may_reuse_own; then
		drop_releases
		state=all
	else
		drop_own
		state=dependencies
	fi
	fact state "$state"
}

# may_reuse_own tests whether the compiled files of the project are what this build would
# make. What commands before the release do may be something else each time.
# shellcheck disable=SC2154 # the scripts that call this take incremental and commands
may_reuse_own() {
	case $incremental in
	yes) [ "$commands" = "$last_commands" ] && only_sources_changed && ! reads_git ;;
	*) [ -z "$commands$last_commands" ] && [ "$last" = "$(git rev-parse HEAD)" ] ;;
	esac
}

# only_sources_changed tests whether mix notices everything that has changed since the
# last build. It notices new contents of files that it compiles. It does not notice
# what a module reads from other files, or finds by listing a directory.
only_sources_changed() {
	changed=$(git diff-tree -r --name-status --no-renames "$last" HEAD 2>/dev/null) || return 1
	! printf '%s\n' "$changed" | grep -v '^$' |
		grep -qvE '^M	(.*/)?(lib|web)/.*\.(ex|eex|heex|leex)$|^[AMD]	((apps/[^/]+/)?test/.*|README\.md|CHANGELOG\.md)$'
}

# reads_git tests whether the project's code runs git, or reads its files. It most likely does so while it
# is compiled, and then compiled files contain the commit.
reads_git() { git grep -qE '(System\.cmd|os\.cmd|Port\.open|System\.shell).*git|\.git/' HEAD -- ':(top)*.ex'; }

drop_releases() {
	# A release that is assembled over an old one would keep files of the old one.
	rm -rf "${checkout:?}/$build_path"/*/rel "$checkout/$build_path"/*/*.tar.gz
}

# drop_own removes all that the build of an environment has made, except for the compiled
# files of fetched dependencies. Programs that a dependency has downloaded are beside the
# environments.
drop_own() {
	for lib in "$checkout/$build_path"/*/lib; do
		find "${lib%/lib}" -mindepth 1 -maxdepth 1 ! -name lib -exec rm -rf {} + 2>/dev/null
	done
	for lib in "$checkout/$build_path"/*/lib/*; do
		[ -d "$checkout/$deps_path/${lib##*/}" ] || rm -rf "$lib"
	done
}

# remember_dependencies writes down what the dependencies are before the project is
# compiled.
remember_dependencies() { list_dependencies >"$checkout.dependencies" || failed "cannot list the dependencies"; }

# list_dependencies prints the files of fetched dependencies and their compiled files.
# mix's own notes are left out: it may write them again without a change.
list_dependencies() {
	(
		cd "$checkout/$deps_path" 2>/dev/null || exit 0
		find . ! -type d ! -path '*/.git/*' -printf '%p %s %T@ %l\n'
		for dep in *; do
			for lib in "$checkout/$build_path"/*/lib/"$dep"; do
				[ ! -d "$lib" ] || find "$lib" ! -type d ! -path '*/.mix/*' -printf '%p %s %T@ %l\n'
			done
		done
	) | LC_ALL=C sort
}

# are_as_compiled tests that nothing has changed the dependencies since: commands before
# the release may, and so may a module of the project while it is compiled.
are_as_compiled() {
	[ -f "$checkout.dependencies" ] || return 0
	list_dependencies >"$scratch/dependencies"
	other=$(diff "$checkout.dependencies" "$scratch/dependencies" | sed -n "s|^[<>] \(.*\) [0-9]* [0-9.]* .*|\1|p" | head -n 1)
	[ -n "$other" ] || return 0
	echo "compiled dependencies are not kept for the next build: $other has changed since they were compiled, by commands of before-release or by code of the project that runs while it is compiled"
	return 1
}

# keep_state keeps deps and _build, and records what they are of.
# shellcheck disable=SC2154 # the scripts that call this take commands
keep_state() {
	[ -z "$(git -C "$checkout" ls-files -- "$deps_path" "$build_path")" ] || return 0 # they are part of the repository
	are_as_compiled || return 0
	aside=$checkout.state
	rm -rf "$aside"
	mkdir -p "$aside" "$root/$app/state" && git rev-parse HEAD >"$aside/revision" && printf '%s' "$commands" >"$aside/commands" &&
		printf '%s' "${1-}" >"$aside/own_dropped" || failed "cannot keep deps and _build for the next build"
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
	[ "$builder" = mix ] || failed "$*"
	look
	forget
	drop_own
	keep_state yes
	failed "$*"
}
