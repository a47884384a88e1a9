defmodule Shop.Application do
  use Application

  def start(_type, _args) do
    children =
      [listener(:gen_tcp, "PORT", [])] ++
        if System.get_env("TLS_PORT") do
          priv = Application.app_dir(:shop, "priv")
          [listener(:ssl, "TLS_PORT", certfile: "#{priv}/cert.pem", keyfile: "#{priv}/key.pem")]
        else
          []
        end

    Supervisor.start_link(children, strategy: :one_for_one)
  end

  # Dual stack: IPv4 and IPv6 on one socket.
  defp listener(transport, variable, options) do
    port = String.to_integer(System.fetch_env!(variable))
    options = [:binary, :inet6, ipv6_v6only: false, packet: :raw, active: false, reuseaddr: true] ++ options
    Supervisor.child_spec({Task, fn -> Shop.Web.listen(transport, port, options) end}, id: variable, restart: :permanent)
  end
end

defmodule Shop.Web do
  def listen(transport, port, options) do
    {:ok, socket} = transport.listen(port, options)
    accept(transport, socket)
  end

  defp accept(:ssl, socket) do
    {:ok, client} = :ssl.transport_accept(socket)
    spawn(fn -> with {:ok, client} <- :ssl.handshake(client, 5000), do: answer(:ssl, client) end)
    accept(:ssl, socket)
  end

  defp accept(:gen_tcp, socket) do
    {:ok, client} = :gen_tcp.accept(socket)
    spawn(fn -> receive(do: (:go -> answer(:gen_tcp, client))) end) |> hand_over(client)
    accept(:gen_tcp, socket)
  end

  defp hand_over(pid, client) do
    :ok = :gen_tcp.controlling_process(client, pid)
    send(pid, :go)
  end

  defp answer(transport, client) do
    {:ok, _request} = transport.recv(client, 0, 5000)
    body = "#{System.get_env("RELEASE_NAME")} #{Shop.version()} over #{transport}, greeting #{System.get_env("GREETING")}\n"
    transport.send(client, "HTTP/1.1 200 OK\r\ncontent-length: #{byte_size(body)}\r\nconnection: close\r\n\r\n#{body}")
    transport.close(client)
  end
end

defmodule Shop do
  def version, do: to_string(Application.spec(:shop, :vsn))
end

defmodule Shop.Release do
  def migrate do
    IO.puts("migrated to #{version()}, greeting #{System.get_env("GREETING")}, cookie #{System.get_env("RELEASE_COOKIE") != nil}")
  end

  # Nothing is loaded in a VM of its own.
  def version do
    Application.load(:shop)
    Shop.version()
  end
end
