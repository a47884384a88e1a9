defmodule ApxrIo.HTTPTest do
  @moduledoc """
  Talks to the running application over TCP.
  """

  use ExUnit.Case, async: true

  alias ApxrIo.HTTP.{Acceptor, Connection, Listener}

  test "GET /health says what runs" do
    assert {"HTTP/1.1 200 OK", headers, body} =
             request("GET /health HTTP/1.1\r\nhost: test\r\n\r\n")

    assert body == ~s({"status":"ok","app":"apxr_io","version":"0.1.0","revision":"unknown"})
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == to_string(byte_size(body))
    assert headers["connection"] == "close"
  end

  test "GET / greets" do
    assert {"HTTP/1.1 200 OK", _headers, "Greetings from apxr_io 0.1.0\n"} =
             request("GET / HTTP/1.1\r\n\r\n")
  end

  test "HEAD is GET without the body" do
    {status, headers, _body} = request("GET /health HTTP/1.1\r\n\r\n")

    assert request("HEAD /health HTTP/1.1\r\n\r\n") == {status, headers, ""}
  end

  test "a query does not change the page" do
    assert {"HTTP/1.1 200 OK", _headers, _body} =
             request("GET /health?verbose=1 HTTP/1.1\r\n\r\n")
  end

  test "an unknown path is 404" do
    assert {"HTTP/1.1 404 Not Found", _headers, _body} = request("GET /nowhere HTTP/1.1\r\n\r\n")
  end

  test "another method is 405, also when the body is not read" do
    for method <- ["POST", "PATCH"] do
      assert {"HTTP/1.1 405 Method Not Allowed", %{"allow" => "GET, HEAD"}, ""} =
               request("#{method} /health HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello")
    end
  end

  test "what is not HTTP is 400" do
    assert {"HTTP/1.1 400 Bad Request", _headers, ""} = request("hello\r\n\r\n")
  end

  test "endless headers are 400" do
    headers = String.duplicate("x: y\r\n", 1_000)

    assert {"HTTP/1.1 400 Bad Request", _headers, ""} = request("GET / HTTP/1.1\r\n#{headers}")
  end

  test "a client that does not finish its request is disconnected" do
    {:ok, listening} = :gen_tcp.listen(0, [:binary, packet: :http_bin, active: false])
    {:ok, port} = :inet.port(listening)
    client = connect(port)
    {:ok, server} = :gen_tcp.accept(listening)
    :ok = :gen_tcp.send(client, "GET / HTTP/1.1\r\n")

    assert Connection.serve(server, fn _request -> flunk("not a request") end, 50) == :ok
    assert :gen_tcp.recv(client, 0) == {:error, :closed}
  end

  test "a crashed acceptor is replaced and the port stays open" do
    port = port()
    {Acceptor, acceptor, _type, _modules} = acceptor()
    monitor = Process.monitor(acceptor)

    Process.exit(acceptor, :kill)

    assert_receive {:DOWN, ^monitor, :process, ^acceptor, :killed}
    assert {"HTTP/1.1 200 OK", _headers, _body} = request("GET / HTTP/1.1\r\n\r\n", port)
  end

  defp acceptor do
    ApxrIo.HTTP |> Supervisor.which_children() |> List.keyfind!(Acceptor, 0)
  end

  defp port do
    {:ok, port} = :inet.port(Listener.socket())
    port
  end

  defp request(text, port \\ port()) do
    socket = connect(port)
    :ok = :gen_tcp.send(socket, text)
    socket |> receive_all() |> parse()
  end

  defp connect(port) do
    {:ok, socket} = :gen_tcp.connect({127, 0, 0, 1}, port, [:binary, active: false])
    socket
  end

  defp receive_all(socket, received \\ "") do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, data} -> receive_all(socket, received <> data)
      {:error, :closed} -> received
    end
  end

  defp parse(response) do
    [head, body] = String.split(response, "\r\n\r\n", parts: 2)
    [status | fields] = String.split(head, "\r\n")
    {status, Map.new(fields, &(&1 |> String.split(": ", parts: 2) |> List.to_tuple())), body}
  end
end
