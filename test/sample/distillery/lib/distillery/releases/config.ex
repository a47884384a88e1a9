defmodule Distillery.Releases.Config do
  @moduledoc """
  What rel/config.exs is written in: `environment` and `release` blocks with `set`. Made by hand
  for Slipway's tests, not Distillery's own.
  """

  @doc "Reads rel/config.exs as the settings of each block."
  def read!(file) do
    Process.put(__MODULE__, %{})
    Code.eval_file(file)
    Process.get(__MODULE__)
  end

  defmacro __using__(opts) do
    quote do
      import Distillery.Releases.Config
      Distillery.Releases.Config.put(:defaults, unquote(opts))
    end
  end

  defmacro environment(name, do: block), do: block({:environment, name}, block)
  defmacro release(name, do: block), do: block({:release, name}, block)

  defp block(scope, block) do
    quote do
      Process.put(:scope, unquote(scope))
      Distillery.Releases.Config.put(unquote(scope), [])
      unquote(block)
    end
  end

  def set(settings), do: put(Process.get(:scope), settings)

  def put(scope, settings) do
    known = Process.get(__MODULE__)
    Process.put(__MODULE__, Map.update(known, scope, settings, &Keyword.merge(&1, settings)))
  end

  def current_version(app) do
    Application.load(app)
    to_string(Application.spec(app, :vsn))
  end
end
