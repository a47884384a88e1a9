# Says what mix.exs defines, before anything is built.
# Takes: app (ORG/APP), id, dir (of mix.exs), mix_env. Input: the build's variables.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env" SLIPWAY_ANSWER="$scratch/project"
	with_env elixir -e "$questions" || die "mix.exs cannot be loaded: see the lines above"
	# Only known keys: mix.exs is code, and may print what it likes.
	grep -E '^(mix_app|umbrella|release|default_release|elixir)=' "$SLIPWAY_ANSWER" >&3
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
  File.write!(System.get_env("SLIPWAY_ANSWER"), [
    "mix_app=#{config[:app]}\n", "elixir=#{System.version()}\n", umbrella, default, releases
  ])'
