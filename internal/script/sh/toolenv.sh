# Puts the pinned tools of a build on the PATH: those of mise or asdf, whichever the host
# has. Without a manager, the tools on the PATH are used as they are.

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

# pinned prints the tools that tools.sh has found for this build, as lines of
# TOOL VERSION PLACE.
# shellcheck disable=SC2154 # every script of a build takes tools
pinned() { [ -z "$tools" ] || printf '%s\n' "$tools" | tr '\t' '\n'; }

# use_tools puts exactly the pinned versions on the PATH. A pinned tool that is not
# found ends the build: another version, found later on the PATH, must not take
# its place.
use_tools() { use_these "$(pinned)"; }

# use_these TOOLS sets mise_bins to the directories that it has put on the PATH.
use_these() {
	find_manager
	mise_bins=:
	[ -n "$manager" ] && [ -n "$1" ] || return 0
	[ "$manager" != asdf ] || plugins=$("$program" plugin list 2>/dev/null </dev/null)
	while read -r tool version place; do
		"use_$manager"
	done <<PINS
$1
PINS
	# The shims call asdf, so it must be on the PATH too.
	[ "$manager" != asdf ] || PATH=$(shims):${program%/*}:$PATH
	export PATH
}

shims() { printf '%s\n' "${ASDF_DATA_DIR:-$HOME/.asdf}/shims"; }

# use_asdf sets a variable that overrides every .tool-versions, also those of
# dependencies. A tool without a plugin has no shim; the shim of a version that is not
# installed fails by itself.
use_asdf() {
	if ! printf '%s\n' "$plugins" | grep -qxF -- "$tool"; then
		[ "$version" != system ] || return 0
		die "$place pins $tool $version, and asdf has no plugin for $tool: run 'asdf plugin add $tool' on the build server as $(id -un)"
	fi
	export "ASDF_$(printf '%s' "$tool" | tr 'a-z-' 'A-Z_')_VERSION=$version"
}

use_mise() {
	[ "$version" != system ] || return 0
	if ! bins=$(trusting bin-paths "$tool@$version" 2>/dev/null </dev/null) || ! are_paths "$bins"; then
		# An older mise knows no bin-paths of one tool.
		at=$(trusting where "$tool@$version" </dev/null) && are_paths "$at" || not_located
		bins=$at/bin
	fi
	bins=$(printf '%s\n' "$bins" | tr '\n' ':')
	mise_bins=:$bins${mise_bins#:}
	PATH=$bins$PATH
}

# trusting runs mise, which does nothing beside a file of its own that it does not trust.
# mise runs what its files say. That is code of the project, as mix.exs is.
trusting() { MISE_YES=1 MISE_TRUSTED_CONFIG_PATHS="$checkout" "$program" "$@"; }

# are_paths TEXT checks that every line is the absolute path of a directory other
# than the root.
are_paths() { ! printf '%s\n' "$1" | grep -qv '^/[^/]'; }

not_located() {
	case $version in
	path:*) die "$place pins $tool to ${version#path:}, which is no directory on the build server" ;;
	esac
	failed "$place pins $tool $version, and mise does not know where that is: run 'mise install $tool@$version' on the build server as $(id -un)"
}

# lock_tools makes sure that only one build at a time installs what all builds share.
lock_tools() {
	command exec 7>>"$root/tools.lock" || failed "cannot write $root/tools.lock"
	flock -n 7 || { echo "waiting for another build that installs tools" && flock -w 3600 7; } || die "another build has been installing tools for an hour"
}

unlock_tools() { exec 7>&-; }
