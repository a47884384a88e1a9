defmodule ApxrIo.Pages do
  @moduledoc """
  The pages of the application: what it answers to a request.
  """

  alias ApxrIo.{Build, HTTP}

  @doc """
  Answers a request, in the name of `build`.
  """
  @spec respond(HTTP.request(), Build.t()) :: HTTP.response()
  def respond(%{method: method, path: path}, build) do
    case page(path, build) do
      nil -> {404, [{"content-type", "text/plain"}], "Not found\n"}
      _page when method not in [:GET, :HEAD] -> {405, [{"allow", "GET, HEAD"}], ""}
      {type, body} -> {200, [{"content-type", type}], body}
    end
  end

  defp page("/", build) do
    {"text/plain", ApxrGreeting.from("apxr_io #{build.version}") <> "\n"}
  end

  # Neither version nor revision can hold a character that JSON escapes.
  defp page("/health", build) do
    {"application/json",
     ~s({"status":"ok","app":"apxr_io","version":"#{build.version}","revision":"#{build.revision}"})}
  end

  defp page(_path, _build), do: nil
end
