defmodule ApxrGreeting do
  @moduledoc """
  Greets in the name of whoever sends the greeting.
  """

  @doc """
  The greeting that `sender` sends.

      iex> ApxrGreeting.from("apxr_io")
      "Greetings from apxr_io"

  """
  @spec from(String.t()) :: String.t()
  def from(sender) do
    "Greetings from #{sender}"
  end
end
