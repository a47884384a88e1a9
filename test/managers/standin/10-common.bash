# NOT asdf: a stand-in for tests, written from asdf's documentation. It does what a deployment asks of asdf, with
# real plugins; GENERATION, set above, says whether it is as before 0.16 or since.
set -uo pipefail

if [ $GENERATION = classic ]; then
	DATA=${ASDF_DATA_DIR:-${ASDF_DIR:-$HOME/.asdf}}
	SELF=$(readlink -f "$0") # its shims name it outright
else
	DATA=${ASDF_DATA_DIR:-$HOME/.asdf}
	SELF=asdf # its shims look for it on the PATH
fi
VERSIONS_FILE=${ASDF_TOOL_VERSIONS_FILENAME:-${ASDF_DEFAULT_TOOL_VERSIONS_FILENAME:-.tool-versions}}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }

die() {
	local code=$1
	shift
	warn "$*"
	exit "$code"
}

need_plugin() { [ -d "$DATA/plugins/$1" ] || die 1 "No such plugin: $1"; }

installed_plugins() { [ ! -d "$DATA/plugins" ] || ls "$DATA/plugins"; }

# split VERSION sets type and value: 1.0, ref:main, path:~/src, system.
split() {
	case $1 in
	ref:* | path:*) type=${1%%:*} value=${1#*:} ;;
	system) type=system value='' ;;
	*) type=version value=$1 ;;
	esac
	if [ "$type" = path ]; then
		value=${value/#\~\//$HOME/}
	fi
}

# install_path PLUGIN VERSION
install_path() {
	local type value
	split "$2"
	case $type in
	version) say "$DATA/installs/$1/$value" ;;
	ref) say "$DATA/installs/$1/ref-$value" ;;
	path) say "$value" ;;
	esac
}

# plugin_env PLUGIN VERSION exports what a plugin's scripts are told.
plugin_env() {
	local type value
	split "$2"
	export ASDF_INSTALL_TYPE=$type ASDF_INSTALL_VERSION=$value ASDF_PLUGIN_PATH="$DATA/plugins/$1"
	ASDF_INSTALL_PATH=$(install_path "$1" "$2")
	export ASDF_INSTALL_PATH
}

# bin_paths PLUGIN VERSION lists the directories with the version's programs.
bin_paths() (
	plugin_env "$1" "$2"
	dirs=bin
	if [ -x "$ASDF_PLUGIN_PATH/bin/list-bin-paths" ]; then
		dirs=$("$ASDF_PLUGIN_PATH/bin/list-bin-paths")
	fi
	for dir in $dirs; do
		say "$ASDF_INSTALL_PATH/$dir"
	done
)
