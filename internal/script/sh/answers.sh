# Asks the tools for their versions, and mix.exs for what it defines.
#
# The answers of one build are remembered for the next one, which then starts no VM to
# ask. What mix.exs answers may depend on anything. So the VM that makes the release is
# asked again, and a release that was made on other answers is thrown away. That project
# is then asked each time.

# use_answers sets $answers to a file with the answers, and $remembered to yes if they are
# those of an earlier build.
# shellcheck disable=SC2034,SC2154 # the scripts that call this take app and clean, and use remembered
use_answers() {
	answers=$root/$app/answers remembered=no
	[ "$clean" != yes ] || forget
	asked_of=
	asks_each_time || asked_of=$(same_project)
	if [ -n "$asked_of" ] && { read -r last <"$answers"; } 2>/dev/null && [ "$last" = "$asked_of" ]; then
		remembered=yes
		return
	fi
	export SLIPWAY_ANSWER="$scratch/project"
	asks_each_time || forget
	answers=$SLIPWAY_ANSWER
	with_env elixir -e "$ask_tools${line_break}Mix.start()${line_break}Code.require_file(\"mix.exs\")${line_break}$ask_project" || {
		[ -s "$answers" ] || die "Elixir does not start: see the lines above. Is the Erlang that it needs there, and pinned too?"
		grep '^have=' "$answers" >&3
		die "mix.exs cannot be loaded: see the lines above"
	}
	grep -q '^lock=' "$answers" || die "mix.exs or the configuration ends Elixir while it is read, by System.halt perhaps: a build cannot go on from there"
	[ -z "$asked_of" ] || remember
}

remember() {
	{ echo "$asked_of" && cat "$SLIPWAY_ANSWER"; } >"$root/$app/answers.new" && mv -T "$root/$app/answers.new" "$root/$app/answers" ||
		failed "cannot write $root/$app/answers"
}

# asks_each_time tests whether the answers depend on something that same_project does not
# know.
asks_each_time() { [ "$(cat "$root/$app/answers" 2>/dev/null)" = each ]; }

ask_each_time() { echo each >"$root/$app/answers" || failed "cannot write $root/$app/answers"; }

# same_project prints a digest of the programs, settings and files that answers depend on,
# without the files that mix compiles or copies, which change often. It prints nothing where the VM that makes
# the release cannot be asked.
# shellcheck disable=SC2154 # the scripts that call this take dir
same_project() {
	by_elixir && [ ! -f rel/config.exs ] || return 0
	{
		printf '%s\n' 2 "$mix_env" "$dir" "$build_env"
		pinned
		stat -L -c '%n %d %i %s %Y %Z' -- "$(command -v erl)" "$(command -v elixir)" "$mix" || date +%s.%N
		git ls-tree -r --full-tree HEAD | awk -F '\t' '
			$2 ~ /\.exs"?$/ && $2 !~ /(^|\/)test\// { print; next }
			$2 !~ /(^"?|\/)(lib|web|src|c_src|priv|assets|test)\/|^(README|CHANGELOG)\.md$/'
	} | sha256sum | cut -c1-16
}

# by_elixir sets mix, and tests whether that is a script for Elixir, as it is unless a
# manager or a distribution puts a script for sh in front of it.
by_elixir() {
	case " $build_env" in *" PATH."*) return 1 ;; esac
	mix=$(command -v mix) && { read -r first_line <"$mix"; } 2>/dev/null || return 1
	case $first_line in '#!/usr/bin/env elixir') ;; *) return 1 ;; esac
}

# mix_and_ask runs mix, and asks its VM at the end. The answers are then in
# $scratch/project.
mix_and_ask() {
	if by_elixir; then
		export SLIPWAY_ANSWER="$scratch/project"
		with_env elixir -e "$ask_at_exit" -S mix "$@"
	else
		with_env mix "$@"
	fi
}

# forget makes the next build ask again: the answers may be why this one failed.
forget() { rm -f "$root/$app/answers"; }

# The full version of OTP is in a file; system_info has only the major one.
ask_tools='
  answer = fn lines -> File.write!(System.get_env("SLIPWAY_ANSWER"), lines, [:append]) end
  major = List.to_string(:erlang.system_info(:otp_release))
  file = Path.join([List.to_string(:code.root_dir()), "releases", major, "OTP_VERSION"])
  otp = case File.read(file) do
    {:ok, version} -> String.trim(version)
    {:error, _} -> major
  end
  answer.("have=erlang #{otp}\nhave=elixir #{System.version()}\n")'

ask_project='
  config = Mix.Project.config()
  releases = for {name, _} <- config[:releases] || [], do: "release=#{name}\n"
  default = if config[:default_release], do: "default_release=#{config[:default_release]}\n", else: ""
  umbrella = if config[:apps_path], do: "umbrella=yes\n", else: ""
  # A dependency is {app, options}, {app, version} or {app, version, options}.
  fetches = Enum.any?(config[:deps] || [], fn dep ->
    last = elem(dep, tuple_size(dep) - 1)
    !(is_list(last) && (last[:path] || last[:in_umbrella]))
  end)
  hex = function_exported?(Mix, :path_for, 1) && Path.wildcard(Path.join(apply(Mix, :path_for, [:archives]), "hex-*")) != []
  # In Elixir 1.18 rebar_cmd names a file whether it is there or not.
  available = Code.ensure_loaded?(Mix.Rebar) && function_exported?(Mix.Rebar, :available?, 1)
  rebar = apply(Mix.Rebar, if(available, do: :available?, else: :rebar_cmd), [:rebar3])
  # Mix evaluates the configuration before it compiles a dependency. A dependency that asks
  # for it while it is compiled depends on what it comes to.
  path = Path.expand(config[:config_path] || "config/config.exs")
  evaluated = cond do
    !File.regular?(path) -> []
    Code.ensure_loaded?(Config.Reader) && Version.match?(System.version(), ">= 1.11.0-0") ->
      apply(Config.Reader, :read!, [path, [env: Mix.env(), target: apply(Mix, :target, [])]])
    Code.ensure_loaded?(Config.Reader) -> apply(Config.Reader, :read!, [path])
    function_exported?(Mix.Config, :eval!, 1) -> elem(apply(Mix.Config, :eval!, [path]), 0)
    true -> apply(Mix.Config, :read!, [path])
  end
  comes_to = inspect({config[:deps], evaluated}, limit: :infinity, printable_limit: :infinity)
  answer.([
    "config=#{Base.encode16(:crypto.hash(:sha256, comes_to), case: :lower)}\n",
    "mix_app=#{config[:app]}\n", "elixir=#{System.version()}\n", umbrella, default, releases,
    "lock=#{Path.expand(config[:lockfile] || "mix.lock")}\n",
    "deps=#{Path.expand(config[:deps_path] || "deps")}\n",
    "build=#{Path.expand(config[:build_path] || "_build")}\n",
    if(fetches, do: "fetches=yes\n", else: ""),
    if(hex, do: "hex=yes\n", else: ""),
    if(rebar, do: "rebar=yes\n", else: "")
  ])'

# The programs that mix starts must not inherit the variable.
ask_at_exit="
  file = System.get_env(\"SLIPWAY_ANSWER\")
  System.delete_env(\"SLIPWAY_ANSWER\")
  System.at_exit(fn status ->
    if status == 0 do
      System.put_env(\"SLIPWAY_ANSWER\", file)
      System.delete_env(\"SLIPWAY_COMMIT\") # as when it was asked first
      $ask_tools
      $ask_project
    end
  end)"
