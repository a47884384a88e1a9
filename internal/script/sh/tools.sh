# Installs the tools that the project pins and says which ones a build uses.
# Takes: app (ORG/APP), dir (of mix.exs).
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
	elixir -e "$versions" 3>&- | sed 's/^/have=/' >&3
	others
	for file in mix.lock "$pins"; do
		[ ! -f "$file" ] || fact "sha256_${file##*/}" "$(sha256sum <"$file" | cut -c1-64)"
	done
}

# One build at a time installs.
install_tools() {
	command exec 7>>"$root/tools.lock" || failed "cannot write $root/tools.lock"
	flock -n 7 || { echo "waiting for another build that installs tools" && flock -w 3600 7; } || die "another build has been installing tools for an hour"
	while read -r tool version <&4; do
		case $version in
		'') die ".tool-versions pins $tool without a version" ;;
		system | path:*) continue ;;
		esac
		"install_by_$manager" 7>&- || exit 1
	done 4<<PINS
$(pinned)
PINS
	exec 7>&-
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

# others says what the remaining pinned tools say of themselves.
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

# The full version of OTP stands in a file; system_info has the major one only.
versions='
  major = List.to_string(:erlang.system_info(:otp_release))
  file = Path.join([List.to_string(:code.root_dir()), "releases", major, "OTP_VERSION"])
  otp = case File.read(file) do
    {:ok, version} -> String.trim(version)
    {:error, _} -> major
  end
  IO.write("erlang #{otp}\nelixir #{System.version()}\n")'
