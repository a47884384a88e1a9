defmodule Mix.Tasks.Distillery.Release do
  @shortdoc "Assembles a release as Distillery 2.1 lays it out"
  @moduledoc """
  Made by hand for Slipway's tests, not Distillery's own.

      MIX_ENV=prod mix distillery.release --env=prod
  """
  use Mix.Task
  alias Distillery.Releases.Config

  @switches [
    env: :string,
    name: :string,
    quiet: :boolean,
    silent: :boolean,
    verbose: :boolean,
    no_tar: :boolean
  ]

  @impl true
  def run(args) do
    {opts, _} = OptionParser.parse!(args, strict: @switches)
    Mix.Task.run("compile")
    config = Config.read!("rel/config.exs")
    {name, settings} = release!(config, opts[:name])
    env = String.to_atom(opts[:env] || to_string(config[:defaults][:default_environment]))

    Map.has_key?(config, {:environment, env}) ||
      Mix.raise("rel/config.exs has no environment #{env}")

    # What earlier builds left in it stays, as with Distillery: that is what upgrades are made from.
    output = Path.join([Mix.Project.build_path(), "rel", to_string(name)])
    release = %{name: to_string(name), version: settings[:version], erts: erts(), output: output}
    assemble(release, closure([name, :sasl, :iex | settings[:applications]], []))
    unless opts[:no_tar], do: archive(release)
    unless opts[:quiet], do: Mix.shell().info("Release successfully built in #{output}")
  end

  defp release!(config, wanted) do
    known = for {{:release, name}, settings} <- config, do: {name, settings}

    Enum.find(known, fn {name, _} -> wanted in [nil, to_string(name)] end) ||
      Mix.raise("rel/config.exs has no release #{wanted}, but #{inspect(Keyword.keys(known))}")
  end

  defp erts, do: to_string(:erlang.system_info(:version))

  # All applications that these need, with their versions.
  defp closure([], known), do: known

  defp closure([app | rest], known) do
    if List.keymember?(known, app, 0) do
      closure(rest, known)
    else
      Application.load(app)
      needed = Application.spec(app, :applications) || Mix.raise("there is no application #{app}")
      closure(needed ++ rest, known ++ [{app, Application.spec(app, :vsn)}])
    end
  end

  defp assemble(release, apps) do
    for {app, version} <- apps, part <- ["ebin", "priv"] do
      copy(Path.join(:code.lib_dir(app), part), path(release, ["lib", "#{app}-#{version}", part]))
    end

    copy(
      Path.join([:code.root_dir(), "erts-#{release.erts}", "bin"]),
      path(release, ["erts-#{release.erts}", "bin"])
    )

    describe(release, apps)
    start = path(release, ["bin", release.name])
    write(start, start_script(release))
    File.chmod!(start, 0o755)
  end

  defp describe(release, apps) do
    erts = String.to_charlist(release.erts)
    id = {String.to_charlist(release.name), String.to_charlist(release.version)}
    own = fn file -> path(release, ["releases", release.version, file]) end
    write(own.(release.name <> ".rel"), term({:release, id, {:erts, erts}, apps}))
    write(own.("sys.config"), term([]))
    write(own.("vm.args"), "-name #{release.name}@127.0.0.1\n")
    boot(release, own)
    write(path(release, ["releases", "start_erl.data"]), "#{release.erts} #{release.version}")
    libs = for {app, version} <- apps, do: {app, version, 'lib/#{app}-#{version}'}
    {name, version} = id

    write(
      path(release, ["releases", "RELEASES"]),
      term([{:release, name, version, erts, libs, :permanent}])
    )
  end

  defp boot(release, own) do
    options = [
      :silent,
      outdir: String.to_charlist(own.("")),
      path: [String.to_charlist(path(release, ["lib", "*", "ebin"]))],
      variables: [{'RELEASE_LIB', String.to_charlist(path(release, ["lib"]))}]
    ]

    case :systools.make_script(String.to_charlist(own.(release.name)), options) do
      {:ok, _, _} -> :ok
      failed -> Mix.raise("no boot script: #{inspect(failed)}")
    end
  end

  defp start_script(release) do
    """
    #!/bin/sh
    # Much less than Distillery's start script: it knows foreground and eval alone.
    root=$(cd "$(dirname "$0")/.." && pwd) || exit
    read -r erts version <"$root/releases/start_erl.data"
    export ROOTDIR="$root" BINDIR="$root/erts-$erts/bin" EMU=beam PROGNAME=#{release.name}
    case ${1-} in
    foreground) set -- ;;
    eval) set -- -eval "$2" -s init stop ;;
    *) echo "usage: #{release.name} foreground | eval ERLANG" >&2; exit 1 ;;
    esac
    exec "$BINDIR/erlexec" -noshell -noinput -boot "$root/releases/$version/#{release.name}" \\
      -boot_var RELEASE_LIB "$root/lib" -config "$root/releases/$version/sys.config" "$@"
    """
  end

  defp archive(release) do
    file = path(release, ["releases", release.version, release.name <> ".tar.gz"])

    {:ok, [[{:release, _, _, _, libs, _}]]} =
      :file.consult(path(release, ["releases", "RELEASES"]))

    parts = [
      "bin",
      "erts-#{release.erts}",
      "releases/#{release.version}",
      "releases/start_erl.data",
      "releases/RELEASES"
    ]

    libs = for {_, _, lib} <- libs, do: to_string(lib)

    {_, 0} =
      System.cmd("tar", ["-czf", file, "--exclude=*.tar.gz", "-C", release.output | parts ++ libs])
  end

  defp copy(from, to) do
    if File.dir?(from) do
      File.rm_rf!(to)
      File.mkdir_p!(Path.dirname(to))
      File.cp_r!(from, to)
    end
  end

  defp write(file, text) do
    File.mkdir_p!(Path.dirname(file))
    File.write!(file, text)
  end

  defp path(release, parts), do: Path.join([release.output | parts])
  defp term(value), do: :io_lib.format("~tp.~n", [value])
end
