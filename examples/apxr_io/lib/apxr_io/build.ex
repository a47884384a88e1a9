defmodule ApxrIo.Build do
  @moduledoc """
  What is running: the application's version and the git commit it was built from.
  """

  @enforce_keys [:version, :revision]
  defstruct @enforce_keys

  @type t :: %__MODULE__{version: String.t(), revision: String.t()}

  @doc """
  Describes the build below `release_root`, or outside of a release (`nil`) a build of unknown revision.

  Raises if a release has no valid `REVISION` file: a release that cannot tell what it is does not start.
  """
  @spec read(Path.t() | nil) :: t
  def read(release_root) do
    %__MODULE__{version: version(), revision: revision(release_root)}
  end

  defp version do
    :apxr_io |> Application.spec(:vsn) |> to_string()
  end

  defp revision(nil), do: "unknown"

  defp revision(release_root) do
    file = Path.join(release_root, "REVISION")
    revision = file |> File.read!() |> String.trim()

    if revision =~ ~r/\A[0-9a-f]{40,64}\z/ do
      revision
    else
      raise "#{file} must hold a git commit ID, but it holds #{inspect(revision)}"
    end
  end
end
