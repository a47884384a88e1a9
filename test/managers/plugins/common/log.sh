# Sourced by the tools' tool.sh.

log() { echo "asdf-$tool: $*"; }

fail() {
	echo "asdf-$tool: $*" >&2
	exit 1
}
