defmodule ApxrGreeting.MixProject do
  use Mix.Project

  def project do
    [
      app: :apxr_greeting,
      version: "0.3.0",
      elixir: "~> 1.14"
    ]
  end

  def application do
    []
  end
end
