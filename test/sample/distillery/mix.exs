defmodule Distillery.MixProject do
  use Mix.Project

  def project do
    [app: :distillery, version: "2.1.1", elixir: "~> 1.6"]
  end

  def application do
    [extra_applications: [:sasl]]
  end
end
