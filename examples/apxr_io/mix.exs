defmodule ApxrIo.MixProject do
  use Mix.Project

  def project do
    [
      app: :apxr_io,
      version: "0.1.0",
      elixir: "~> 1.14",
      start_permanent: Mix.env() == :prod,
      deps: deps(),
      releases: releases()
    ]
  end

  def application do
    [
      mod: {ApxrIo.Application, []},
      extra_applications: [:logger]
    ]
  end

  defp deps do
    [
      {:apxr_greeting, git: "git@git.apxr.test:apxr_greeting.git", branch: "main"}
    ]
  end

  defp releases do
    [
      apxr_io: [
        include_erts: true,
        include_executables_for: [:unix],
        steps: [:assemble, &write_revision/1]
      ]
    ]
  end

  # The revision travels as a file of the release, not as a compiled constant: a module that was
  # compiled at an older commit and is still up to date would go on reporting that commit.
  defp write_revision(release) do
    File.write!(Path.join(release.path, "REVISION"), revision!() <> "\n")
    %{release | overlays: ["REVISION" | release.overlays]}
  end

  defp revision! do
    case System.cmd("git", ["rev-parse", "--verify", "HEAD"], cd: __DIR__) do
      {revision, 0} ->
        String.trim(revision)

      {_, _} ->
        Mix.raise("git names no commit in #{__DIR__}: a release needs one as its revision")
    end
  end
end
