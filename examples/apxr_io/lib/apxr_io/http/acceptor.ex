defmodule ApxrIo.HTTP.Acceptor do
  @moduledoc """
  Takes connections from the listening socket and gives each one to a task of its own.
  """

  use Task, restart: :permanent

  alias ApxrIo.HTTP
  alias ApxrIo.HTTP.{Connection, Connections, Listener}

  @request_timeout 5_000

  @spec start_link(HTTP.handler()) :: {:ok, pid}
  def start_link(handler) do
    Task.start_link(__MODULE__, :run, [handler])
  end

  @doc false
  def run(handler), do: accept(Listener.socket(), handler)

  defp accept(listening_socket, handler) do
    {:ok, socket} = :gen_tcp.accept(listening_socket)
    serve(socket, handler)
    accept(listening_socket, handler)
  end

  defp serve(socket, handler) do
    args = [socket, handler, @request_timeout]

    case Task.Supervisor.start_child(Connections, Connection, :serve, args) do
      # The task can use the socket already. It becomes its owner so that the socket does not end
      # with the acceptor; if the task is done by now, so is the socket, and nothing is left to own.
      {:ok, task} -> :gen_tcp.controlling_process(socket, task)
      {:error, :max_children} -> :gen_tcp.close(socket)
    end
  end
end
