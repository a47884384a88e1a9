import Config

# Tests listen on a free port of the system's choice.
if config_env() == :test do
  config :apxr_io, port: 0
else
  value = System.get_env("PORT", "4001")

  case Integer.parse(value) do
    {port, ""} when port in 1..65_535 ->
      config :apxr_io, port: port

    _ ->
      raise "PORT must be a number from 1 to 65535, but it is #{inspect(value)}"
  end
end
