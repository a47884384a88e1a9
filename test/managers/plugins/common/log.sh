# Sourced by the tools' tool.sh, which says which tool that is.
# shellcheck disable=SC2154

log() { echo "asdf-$tool: $*"; }

fail() {
	echo "asdf-$tool: $*" >&2
	exit 1
}
