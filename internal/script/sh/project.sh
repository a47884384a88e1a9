# Libraries: buildroot input toolenv
# Reports what mix.exs defines, before anything is built.
# Takes: token, app (ORG/APP), id, dir (of mix.exs), mix_env. Input: the build's variables.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env" SLIPWAY_ANSWER="$scratch/project"
	with_env elixir -e "$questions" || die "mix.exs cannot be loaded: see the lines above"
	# Pass on only known keys.
	grep -E '^(mix_app|umbrella|release|default_release|elixir)=' "$SLIPWAY_ANSWER" >&3
	top=$(cd "$checkout" && pwd -P)
	for key in lock deps build; do
		place=$(sed -n "s/^$key=//p" "$SLIPWAY_ANSWER")
		case $place in
		"$top"/*) fact "path_$key" "${place#"$top"/}" ;;
		*) die "mix.exs sets the path of $key to $place, outside of the repository: builds must not share it" ;;
		esac
	done
	lock=$(sed -n 's/^lock=//p' "$SLIPWAY_ANSWER")
	if [ -f "$lock" ]; then
		fact sha256_lock "$(sha256sum <"$lock" | cut -c1-64)"
	elif grep -qx 'fetches=yes' "$SLIPWAY_ANSWER"; then
		die "the commit has dependencies and no ${lock##*/}: commit the one that 'mix deps.get' makes, and build that commit"
	fi
	if [ -f rel/config.exs ] && grep -q 'Releases\.Config' rel/config.exs; then
		fact distillery yes
		sed -n 's/^ *release :\([a-z][a-zA-Z0-9_]*\) .*/distillery_release=\1/p' rel/config.exs >&3
	fi
}

questions='
  Mix.start()
  Code.require_file("mix.exs")
  config = Mix.Project.config()
  releases = for {name, _} <- config[:releases] || [], do: "release=#{name}\n"
  default = if config[:default_release], do: "default_release=#{config[:default_release]}\n", else: ""
  umbrella = if config[:apps_path], do: "umbrella=yes\n", else: ""
  # A dependency is {app, options}, {app, version} or {app, version, options}.
  fetches = Enum.any?(config[:deps] || [], fn dep ->
    last = elem(dep, tuple_size(dep) - 1)
    !(is_list(last) && (last[:path] || last[:in_umbrella]))
  end)
  File.write!(System.get_env("SLIPWAY_ANSWER"), [
    "mix_app=#{config[:app]}\n", "elixir=#{System.version()}\n", umbrella, default, releases,
    "lock=#{Path.expand(config[:lockfile] || "mix.lock")}\n",
    "deps=#{Path.expand(config[:deps_path] || "deps")}\n",
    "build=#{Path.expand(config[:build_path] || "_build")}\n",
    if(fetches, do: "fetches=yes\n", else: "")
  ])'
