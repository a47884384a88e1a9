defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [
      app: :shop,
      version: String.trim(File.read!("VERSION")),
      elixir: "~> 1.12",
      start_permanent: Mix.env() == :prod,
      deps: [],
      releases: [shop: [include_erts: true], stall: [include_erts: true]],
      default_release: :shop
    ]
  end

  def application do
    [mod: {Shop.Application, []}, extra_applications: [:logger, :crypto, :ssl, :os_mon]]
  end
end
