# NOT asdf: a stand-in for its asdf.sh (0.15 and before), for tests. Source it.

export ASDF_DIR="${ASDF_DIR:-$HOME/.asdf}"
PATH="$ASDF_DIR/bin:${ASDF_DATA_DIR:-$HOME/.asdf}/shims:$PATH"
export PATH

# In those versions asdf is a function, because `asdf shell` has to set a variable of the shell itself.
asdf() {
	if [ "${1:-}" != shell ]; then
		command asdf "$@"
		return
	fi
	export "ASDF_$(printf %s "$2" | tr 'a-z-' 'A-Z_')_VERSION=$3"
}
