defmodule ApxrIo.HTTP.Connection do
  @moduledoc """
  Serves one connection: reads a request, answers it, closes.
  """

  alias ApxrIo.HTTP

  @max_headers 100

  @reasons %{200 => "OK", 400 => "Bad Request", 404 => "Not Found", 405 => "Method Not Allowed"}

  @doc """
  Serves the connection on `socket`, which must be passive and in `packet: :http_bin` mode.

  The whole exchange, however slow the client, ends within `timeout` milliseconds for reading
  and the socket's own `:send_timeout` for writing.
  """
  @spec serve(:gen_tcp.socket(), HTTP.handler(), timeout :: non_neg_integer) :: :ok
  def serve(socket, handler, timeout) do
    deadline = now() + timeout

    case read_request(socket, deadline) do
      {:ok, request} ->
        send_response(socket, request.method, handler.(request))
        drain(socket, deadline)

      {:error, :bad_request} ->
        send_response(socket, :GET, {400, [], ""})
        drain(socket, deadline)

      # The client is gone, too slow, or sends lines without end.
      {:error, _reason} ->
        :ok
    end
  after
    :gen_tcp.close(socket)
  end

  defp read_request(socket, deadline) do
    with {:ok, {:http_request, method, target, _version}} <- recv(socket, deadline),
         {:ok, path} <- path(target),
         :ok <- skip_headers(socket, deadline, @max_headers) do
      {:ok, %{method: method, path: path}}
    else
      {:ok, _no_request} -> {:error, :bad_request}
      {:error, reason} -> {:error, reason}
    end
  end

  defp path({:abs_path, path}), do: {:ok, without_query(path)}
  defp path({:absoluteURI, _scheme, _host, _port, path}), do: {:ok, without_query(path)}
  defp path(_target), do: {:error, :bad_request}

  defp without_query(path), do: path |> String.split("?", parts: 2) |> hd()

  defp skip_headers(_socket, _deadline, 0), do: {:error, :bad_request}

  defp skip_headers(socket, deadline, left) do
    case recv(socket, deadline) do
      {:ok, :http_eoh} -> :ok
      {:ok, {:http_header, _, _, _, _}} -> skip_headers(socket, deadline, left - 1)
      {:ok, {:http_error, _line}} -> {:error, :bad_request}
      {:error, reason} -> {:error, reason}
    end
  end

  defp send_response(socket, method, {status, headers, body}) do
    fields = [{"content-length", byte_size(body)}, {"connection", "close"} | headers]

    :gen_tcp.send(socket, [
      "HTTP/1.1 #{status} #{@reasons[status]}\r\n",
      for({name, value} <- fields, do: "#{name}: #{value}\r\n"),
      "\r\n",
      if(method == :HEAD, do: "", else: body)
    ])
  end

  # A socket that is closed with unread input resets the connection, and a reset can overtake the response.
  defp drain(socket, deadline) do
    :gen_tcp.shutdown(socket, :write)
    :inet.setopts(socket, packet: :raw)
    discard_input(socket, deadline)
  end

  defp discard_input(socket, deadline) do
    case recv(socket, deadline) do
      {:ok, _data} -> discard_input(socket, deadline)
      {:error, _reason} -> :ok
    end
  end

  defp recv(socket, deadline) do
    :gen_tcp.recv(socket, 0, max(deadline - now(), 0))
  end

  defp now, do: System.monotonic_time(:millisecond)
end
