# Chooses the tools of a build: those that .tool-versions pins, by mise or asdf,
# whichever the host has. Without a manager, it takes those on the PATH.

# find_manager also looks where managers are usually installed: an SSH session that
# runs a command reads no profile.
find_manager() {
	manager=
	for place in mise "$HOME/.local/bin/mise" /usr/local/bin/mise /opt/mise/bin/mise; do
		! program=$(command -v "$place") || { manager=mise && return; }
	done
	for place in asdf "${ASDF_DIR:-$HOME/.asdf}/bin/asdf" "$HOME/.local/bin/asdf" /usr/local/bin/asdf /opt/asdf/bin/asdf; do
		! program=$(command -v "$place") || { manager=asdf && return; }
	done
}

# find_pins sets pins to the nearest .tool-versions, from the project's directory up to
# the repository's top.
find_pins() {
	pins='' place=$PWD
	while :; do
		[ ! -f "$place/.tool-versions" ] || { pins=$place/.tool-versions && return; }
		[ "$place" != "$(cd "$checkout" && pwd)" ] || return 0
		place=$(dirname "$place")
	done
}

# pinned prints "TOOL VERSION" for each line. Further versions in a line are fallbacks:
# they are ignored, since they are not the pinned version.
pinned() { [ -z "$pins" ] || awk '{ sub(/#.*/, "") } NF { print $1, $2 }' "$pins"; }

# use_tools puts exactly the pinned versions on the PATH. A pinned tool that is not
# found ends the build: another version, found later on the PATH, must not take
# its place.
use_tools() {
	find_manager
	find_pins
	[ -n "$manager" ] && [ -n "$pins" ] || return 0
	[ "$manager" != asdf ] || plugins=$("$program" plugin list 2>/dev/null </dev/null)
	while read -r tool version; do
		case $version in '' | system) continue ;; esac
		"use_$manager"
	done <<PINS
$(pinned)
PINS
	# The shims call asdf, so it must be on the PATH too.
	[ "$manager" != asdf ] || PATH=${ASDF_DATA_DIR:-$HOME/.asdf}/shims:${program%/*}:$PATH
	export PATH
}

# use_asdf sets a variable that overrides every .tool-versions, also those of
# dependencies. A tool without a plugin has no shim; the shim of a version that is not
# installed fails by itself.
use_asdf() {
	printf '%s\n' "$plugins" | grep -qxF -- "$tool" ||
		die ".tool-versions pins $tool $version, and asdf has no plugin for $tool: run 'asdf plugin add $tool' on the build server as $(id -un)"
	export "ASDF_$(printf '%s' "$tool" | tr 'a-z-' 'A-Z_')_VERSION=$version"
}

use_mise() {
	if ! bins=$("$program" bin-paths "$tool@$version" 2>/dev/null </dev/null) || ! are_paths "$bins"; then
		# An older mise knows no bin-paths of one tool.
		at=$("$program" where "$tool@$version" </dev/null) && are_paths "$at" || not_located
		bins=$at/bin
	fi
	PATH=$(printf '%s\n' "$bins" | tr '\n' ':')$PATH
}

# are_paths TEXT checks that every line is the absolute path of a directory other
# than the root.
are_paths() { ! printf '%s\n' "$1" | grep -qv '^/[^/]'; }

not_located() {
	case $version in
	path:*) die ".tool-versions pins $tool to ${version#path:}, which is no directory on the build server" ;;
	esac
	failed "mise does not know where $tool $version of .tool-versions is: run 'mise install $tool@$version' on the build server as $(id -un)"
}

# lock_tools makes sure that only one build at a time installs what all builds share.
lock_tools() {
	command exec 7>>"$root/tools.lock" || failed "cannot write $root/tools.lock"
	flock -n 7 || { echo "waiting for another build that installs tools" && flock -w 3600 7; } || die "another build has been installing tools for an hour"
}

unlock_tools() { exec 7>&-; }
