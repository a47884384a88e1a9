defmodule ApxrIo.Application do
  @moduledoc false

  use Application

  require Logger

  alias ApxrIo.{Build, HTTP, Pages}

  @impl true
  def start(_type, _args) do
    build = Build.read(System.get_env("RELEASE_ROOT"))
    port = Application.fetch_env!(:apxr_io, :port)

    Logger.info("apxr_io #{build.version}, revision #{build.revision}")

    Supervisor.start_link(
      [{HTTP, port: port, handler: &Pages.respond(&1, build)}],
      strategy: :one_for_one,
      name: ApxrIo.Supervisor
    )
  end
end
