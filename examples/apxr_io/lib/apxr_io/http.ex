defmodule ApxrIo.HTTP do
  @moduledoc """
  A small HTTP server: one request a connection, no bodies in requests.

  Three processes stand in the order in which they need each other:

    * a task supervisor, with one task for each connection;
    * `ApxrIo.HTTP.Listener`, which owns the listening socket;
    * `ApxrIo.HTTP.Acceptor`, which takes connections from it. It may crash without the port being closed.

  Options:

    * `:port` - the port to listen on, on all IPv4 interfaces; 0 takes a free one;
    * `:handler` - the function that answers a request.
  """

  use Supervisor

  alias ApxrIo.HTTP.{Acceptor, Connections, Listener}

  @max_connections 256

  @typedoc "The methods of RFC 9110 are atoms; the path comes without a query."
  @type request :: %{method: atom | String.t(), path: String.t()}
  @type response :: {status :: pos_integer, [{String.t(), String.t()}], body :: String.t()}
  @type handler :: (request -> response)

  @spec start_link(port: :inet.port_number(), handler: handler) :: Supervisor.on_start()
  def start_link(opts) do
    Supervisor.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @impl true
  def init(opts) do
    children = [
      {Task.Supervisor, name: Connections, max_children: @max_connections},
      {Listener, Keyword.fetch!(opts, :port)},
      {Acceptor, Keyword.fetch!(opts, :handler)}
    ]

    Supervisor.init(children, strategy: :rest_for_one)
  end
end
