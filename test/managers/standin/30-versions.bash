# versions_in FILE TOOL lists the versions that a .tool-versions file names for a tool, the preferred one first.
versions_in() {
	[ ! -f "$1" ] || awk -v tool="$2" '
		{ sub(/\r$/, ""); sub(/#.*/, "") }
		$1 == tool { for (i = 2; i <= NF; i++) print $i; exit }' "$1"
}

# find_versions TOOL sets versions, and source to where they stand: in the environment, in the nearest file of this
# directory and those above it that names the tool, or in the one at home.
find_versions() {
	local variable dir=$PWD
	variable=ASDF_$(printf %s "$1" | tr 'a-z-' 'A-Z_')_VERSION
	source="$variable environment variable"
	versions=${!variable:-}
	while [ -z "$versions" ]; do
		source=${dir%/}/$VERSIONS_FILE
		versions=$(versions_in "$source" "$1")
		[ "$dir" != / ] || break
		dir=$(dirname "$dir")
	done
	if [ -z "$versions" ]; then
		source=$HOME/$VERSIONS_FILE
		versions=$(versions_in "$source" "$1")
	fi
	[ -n "$versions" ]
}

# nearest_file is the .tool-versions file that `asdf install` goes by.
nearest_file() {
	local dir=$PWD
	while [ ! -f "$dir/$VERSIONS_FILE" ] && [ "$dir" != / ]; do
		dir=$(dirname "$dir")
	done
	say "${dir%/}/$VERSIONS_FILE"
}
