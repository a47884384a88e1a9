# Libraries: buildroot toolenv
# Installs the tools that the project pins, and reports those that a build uses. It starts
# no VM: project.sh reports the versions of Erlang and Elixir.
# Takes: token, app (ORG/APP), dir (of mix.exs).
main() {
	enter_project
	mark_build
	fact os "$(uname -s)"
	fact arch "$(uname -m)"
	fact kernel "$(uname -r)"
	fact libc "$(getconf GNU_LIBC_VERSION)"
	find_manager
	find_pins
	fact manager "$manager"
	[ -z "$pins" ] || pinned | sed 's/^/want=/' >&3
	[ -z "$pins" ] || [ -z "$manager" ] || install_tools
	use_tools
	command -v mix >/dev/null || die "mix is not on the PATH of $(id -un): install Elixir on the build server, or asdf or mise and pin elixir in .tool-versions"
	command -v erl >/dev/null || die "erl is not on the PATH of $(id -un): install Erlang on the build server, or asdf or mise and pin erlang in .tool-versions"
	others
	[ -z "$pins" ] || fact "sha256_.tool-versions" "$(sha256sum <"$pins" | cut -c1-64)"
}

install_tools() {
	lock_tools
	uninstall_half
	while read -r tool version <&4; do
		case $version in
		'') die ".tool-versions pins $tool without a version" ;;
		system | path:*) continue ;;
		esac
		echo "$tool $version" >"$root/tools.installing" || failed "cannot write $root/tools.installing"
		"install_by_$manager" 7>&- || exit 1
		rm -f "$root/tools.installing"
	done 4<<PINS
$(pinned)
PINS
	unlock_tools
}

# uninstall_half removes the leftovers of an installation that was killed: a manager
# would take the directory for a complete tool.
uninstall_half() {
	[ -f "$root/tools.installing" ] || return 0
	read -r tool version <"$root/tools.installing"
	echo "the installation of $tool $version was interrupted: starting over"
	case $manager in
	asdf) "$program" uninstall "$tool" "$version" 3>&- 7>&- </dev/null ;;
	mise) "$program" uninstall --yes "$tool@$version" 3>&- 7>&- </dev/null ;;
	esac
	rm -f "$root/tools.installing"
}

install_by_asdf() {
	! "$program" where "$tool" "$version" >/dev/null 2>&1 4<&- || return 0
	"$program" plugin list 2>/dev/null 4<&- | grep -qxF "$tool" || "$program" plugin add "$tool" 3>&- 4<&- ||
		die ".tool-versions pins $tool, for which asdf cannot add a plugin (see the lines above): add it on the build server by 'asdf plugin add $tool URL'"
	"$program" install "$tool" "$version" 3>&- 4<&- && "$program" where "$tool" "$version" >/dev/null 4<&- ||
		failed ".tool-versions pins $tool $version, which asdf cannot install: see the lines above"
}

install_by_mise() {
	! "$program" where "$tool@$version" >/dev/null 2>&1 4<&- || return 0
	MISE_YES=1 "$program" install "$tool@$version" 3>&- 4<&- && "$program" where "$tool@$version" >/dev/null 4<&- ||
		failed ".tool-versions pins $tool $version, which mise cannot install: see the lines above"
}

# others reports what the other pinned tools print as their versions.
others() {
	pinned | while read -r tool version; do
		case $tool in
		erlang | elixir) continue ;;
		node | nodejs) program=node ;;
		golang) program=go ;;
		rust) program=rustc ;;
		python) program=python3 ;;
		*) program=$tool ;;
		esac
		command -v "$program" >/dev/null || continue
		flag=--version
		[ "$program" != go ] || flag=version
		fact have "$tool $("$program" "$flag" 2>&1 3>&- </dev/null | head -n 1)"
	done
}
