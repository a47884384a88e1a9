# deps and _build are kept from a build that ended well for the next one with
# the same key. While a build runs, they lie in its checkout and nowhere else: a
# build that dies takes them with it, and the next one starts from nothing.

# How many keys' state stays: main, a branch, and the one before an update.
states_kept=3

restore_state() {
	case $clean in yes) rm -rf "$root/$app/state" ;; esac
	aside=$checkout.state
	if [ -e deps ] || [ -e _build ] || ! mv -T "$root/$app/state/$key" "$aside" 2>/dev/null; then
		fact state none
		return
	fi
	last=$(cat "$aside/revision")
	for kept in deps _build; do
		[ ! -e "$aside/$kept" ] || mv -T "$aside/$kept" "$kept" || failed "cannot restore $kept"
	done
	rm -rf "$aside"
	# Releases that lie there would gather what older ones had.
	rm -rf "_build/$mix_env/rel" "_build/$mix_env"/*.tar.gz
	if only_sources_changed; then
		fact state all
	else
		drop_own
		fact state dependencies
	fi
}

# only_sources_changed says whether mix by itself sees everything that has
# changed since the last build. What a module reads at compile time from any
# other file it may not see.
only_sources_changed() {
	changed=$(git diff --name-only --no-renames "$last" HEAD 2>/dev/null) || return 1
	! printf '%s\n' "$changed" | grep -v '^$' | grep -qvE '\.(ex|erl|hrl|xrl|yrl|eex|heex|leex|md)$|(^|/)test/'
}

# drop_own removes what was compiled of anything but fetched dependencies.
drop_own() {
	for lib in "_build/$mix_env/lib"/*; do
		[ -d "deps/${lib##*/}" ] || rm -rf "$lib"
	done
}

# keep_state keeps deps and _build, and of which commit they are.
keep_state() {
	at=${1-$(git rev-parse HEAD)}
	[ -z "$(git ls-files deps _build)" ] || return 0 # they are the repository's own
	aside=$checkout.state
	rm -rf "$aside"
	mkdir -p "$aside" "$root/$app/state" && echo "$at" >"$aside/revision" || failed "cannot keep deps and _build for the next build"
	for kept in deps _build; do
		[ ! -e "$kept" ] || mv -T "$kept" "$aside/$kept" || failed "cannot keep $kept for the next build"
	done
	rm -rf "$root/$app/state/$key"
	mv -T "$aside" "$root/$app/state/$key" || failed "cannot keep deps and _build for the next build"
	touch "$root/$app/state/$key"
	# The names are keys of Slipway's own making.
	ls -t "$root/$app/state" | tail -n "+$((states_kept + 1))" | while read -r old; do rm -rf "$root/$app/state/$old"; done
}

# spoiled is failed for a build whose dependencies are good: they are kept.
spoiled() {
	drop_own
	keep_state none
	failed "$*"
}
