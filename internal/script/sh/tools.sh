# Libraries: buildroot toolenv pins misepins
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
	facts problem "$problems"
	[ -z "$problems" ] || return 0
	facts want "$(wanted)"
	found=
	[ -z "$pins" ] || [ -z "$manager" ] || install_tools
	facts found "$found"
	use_these "$found"
	[ "$builder" = mix ] || needs_rebar3
	[ "$builder" != mix ] || command -v mix >/dev/null || die "mix is not on the PATH of $(id -un): install Elixir on the build server, or asdf or mise and pin elixir in .tool-versions"
	command -v erl >/dev/null || die "erl is not on the PATH of $(id -un): install Erlang on the build server, or asdf or mise and pin erlang in .tool-versions"
	fact from "erlang $(origin erlang erl)"
	[ "$builder" != mix ] || fact from "elixir $(origin elixir elixir)"
	facts heed "$heeded"
	ask_programs
	[ -z "$pins" ] || fact sha256_pins "$(sum_of_pins)"
}

needs_rebar3() {
	command -v rebar3 >/dev/null || die "rebar3 is not on the PATH of $(id -un): install it on the build server, or asdf or mise and pin rebar in .tool-versions"
}

# wanted prints the pins as TOOL VERSION PLACE.
wanted() { [ -z "$pins" ] || printf '%s\n' "$pins" | sed 's/^\([^ ]* [^ ]*\) [^ ]* /\1 /'; }

# facts KEY LINES reports each line as a fact.
facts() { [ -z "$2" ] || printf '%s\n' "$2" | sed "s/^/$1=/" >&3; }

# install_tools sets found to lines of TOOL VERSION PLACE, with the versions that the
# manager has for what is pinned.
install_tools() {
	lock_tools
	uninstall_half
	while read -r tool version request place <&4; do
		exact=$version
		case $version in
		system | path:*) ;;
		*) "install_by_$manager" 7>&- || exit 1 ;;
		esac
		found="$found${found:+$line_break}$tool $exact $place"
	done 4<<PINS
$pins
PINS
	unlock_tools
}

# uninstall_half removes what a killed installation of asdf has left: asdf takes the
# directory for a complete tool. asdf writes shims only when the tool is complete. So a
# version that a shim names is complete, and another build may be using it, unless a shim
# named it before, too. mise knows by itself what is incomplete.
uninstall_half() {
	[ "$manager" = asdf ] && [ -f "$root/tools.installing" ] || return 0
	read -r tool version before <"$root/tools.installing"
	if "$program" where "$tool" "$version" >/dev/null 2>&1 7>&- </dev/null && { [ "$before" = shims ] || ! in_shims; }; then
		echo "the installation of $tool $version was interrupted: starting over"
		"$program" uninstall "$tool" "$version" 3>&- 7>&- </dev/null ||
			failed "asdf cannot remove $tool $version, whose installation was interrupted: run 'asdf uninstall $tool $version' on the build server as $(id -un)"
	fi
	rm -f "$root/tools.installing"
}

in_shims() { grep -qsxF "# asdf-plugin: $tool $version" "$(shims)"/*; }

install_by_asdf() {
	! "$program" where "$tool" "$version" >/dev/null 2>&1 4<&- || return 0
	"$program" plugin list 2>/dev/null 4<&- | grep -qxF "$tool" || "$program" plugin add "$tool" 3>&- 4<&- ||
		die "$place pins $tool, for which asdf cannot add a plugin (see the lines above): add it on the build server by 'asdf plugin add $tool URL'"
	echo "$tool $version $(in_shims && echo shims)" >"$root/tools.installing" || failed "cannot write $root/tools.installing"
	"$program" install "$tool" "$version" 3>&- 4<&- && "$program" where "$tool" "$version" >/dev/null 4<&- || not_installed
	rm -f "$root/tools.installing"
}

# A failed installation keeps its note: asdf may have been killed.
not_installed() { failed "$place pins $tool $version, which $manager cannot install: see the lines above. Pin an exact version that $manager knows"; }

# install_by_mise sets exact to the version that mise has chosen for what is pinned: mise
# takes "latest" and the first numbers of a version.
install_by_mise() {
	at=$(trusting where "$request" 2>/dev/null 4<&-) || {
		trusting install "$request" 3>&- 4<&- && at=$(trusting where "$request" 4<&-) || not_installed
	}
	case $version in ref:* | *[!0-9]:*) return ;; esac
	exact=${at##*/}
}

# origin TOOL PROGRAM prints where a program comes from: mise, asdf or "the PATH".
origin() {
	path=$(command -v "$2")
	case $manager:$path in
	mise:*) case $mise_bins in *":${path%/*}:"*) echo mise && return ;; esac ;;
	asdf:"$(shims)"/*) ! printf '%s\n' "$found" | grep -q "^$1 system " && echo asdf && return ;;
	esac
	echo the PATH
}

# ask_programs reports what the programs of other tools print as their versions: the pinned
# ones if there is no manager to ask, and those that heed names.
ask_programs() {
	{
		[ -n "$manager" ] || printf '%s\n' "$pins"
		printf '%s\n' "$heeded"
	} | while read -r tool version _; do
		case $tool:$version in
		:* | erlang:* | elixir:* | *:system) continue ;;
		node:* | nodejs:*) set -- node --version ;;
		golang:*) set -- go version ;;
		rust:*) set -- rustc --version ;;
		python:*) set -- python3 --version ;;
		java:*) set -- java -version --version ;;
		*) set -- "$tool" --version version ;;
		esac
		! command -v "$1" >/dev/null || fact have "$tool $(version_of "$@")"
	done
}

# version_of PROGRAM FLAG... prints what a program says of its version. Not every program
# has --version.
version_of() {
	asked=$1
	shift
	for flag in "$@"; do
		said=$(timeout 10 "$asked" "$flag" 2>&1 3>&- </dev/null) && [ -n "$said" ] && break
	done
	printf '%s\n' "$said" | head -n 20
}

# sum_of_pins prints a digest of the files of pins that count, and of the versions that
# were chosen for pins that are not exact.
sum_of_pins() {
	files=$(printf '%s\n' "$pins" | cut -d ' ' -f 4- | sed 's/:[0-9]*$//' | sort -u)
	chosen=
	[ -z "$found" ] || chosen=$(printf '%s\n' "$found" | grep -vxF "$(wanted)")
	if [ "$(printf '%s\n' "$files" | wc -l)" = 1 ] && [ -z "$chosen" ]; then
		sha256sum <"$top/$files" | cut -c1-64
		return
	fi
	{
		printf '%s\n' "$files" | while IFS= read -r file; do echo "$(sha256sum <"$top/$file") $file"; done
		printf '%s\n' "$chosen"
	} | sha256sum | cut -c1-64
}
