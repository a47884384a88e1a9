defmodule ApxrIo.HTTP.Listener do
  @moduledoc """
  Owns the listening socket, so that it stays open while acceptors come and go.
  """

  use GenServer

  require Logger

  @options [
    :binary,
    packet: :http_bin,
    active: false,
    reuseaddr: true,
    backlog: 1024,
    nodelay: true,
    send_timeout: 5_000,
    send_timeout_close: true
  ]

  @spec start_link(:inet.port_number()) :: GenServer.on_start()
  def start_link(port) do
    GenServer.start_link(__MODULE__, port, name: __MODULE__)
  end

  @spec socket() :: :gen_tcp.socket()
  def socket, do: GenServer.call(__MODULE__, :socket)

  @impl true
  def init(port) do
    case :gen_tcp.listen(port, @options) do
      {:ok, socket} ->
        {:ok, port} = :inet.port(socket)
        Logger.info("Listening on port #{port}")
        {:ok, socket}

      {:error, reason} ->
        {:stop, "cannot listen on port #{port}: #{:inet.format_error(reason)}"}
    end
  end

  @impl true
  def handle_call(:socket, _from, socket), do: {:reply, socket, socket}
end
