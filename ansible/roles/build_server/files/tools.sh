# Installs tools with mise or asdf, in the given order, and says "changed: ..." of
# each that was missing. Arguments: check or write, mise or asdf, and then
# NAME@VERSION ... or NAME=URL for a plugin.
set -eu
mode=$1 manager=$2
shift 2
cd "$HOME"
export MISE_YES=1 ASDF_DIR="$HOME/.asdf"
PATH=/usr/local/bin:$ASDF_DIR/bin:$PATH

main() {
	for want; do
		case $want in
		# First: an address may have an @.
		*=*) has_plugin "${want%%=*}" || change "${manager}_plugin" "${want%%=*}" "${want#*=}" ;;
		*@*) has_tool "${want%%@*}" "${want#*@}" || change "${manager}_tool" "${want%%@*}" "${want#*@}" ;;
		esac
	done
}

change() {
	echo "changed: $2 $3"
	[ "$mode" = check ] || "$@"
}

# Neither reads what the caller has as input.
quiet() { command -v "$1" >/dev/null && "$@" >/dev/null 2>&1 </dev/null; }

has_tool() {
	case $manager in
	mise) quiet mise where "$1@$2" ;;
	asdf) quiet asdf where "$1" "$2" ;;
	esac
}

# mise reads its plugins' addresses from its configuration.
has_plugin() { [ "$manager" = mise ] || asdf plugin list 2>/dev/null </dev/null | grep -qxF "$1"; }

mise_plugin() { :; }
mise_tool() { mise install "$1@$2" </dev/null && mise where "$1@$2" </dev/null; }
asdf_plugin() { asdf plugin add "$1" "$2" </dev/null; }
asdf_tool() {
	asdf plugin list 2>/dev/null </dev/null | grep -qxF "$1" || asdf plugin add "$1" </dev/null
	asdf install "$1" "$2" </dev/null && asdf where "$1" "$2" </dev/null
}

main "$@"
