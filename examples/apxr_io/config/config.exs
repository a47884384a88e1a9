import Config

# One line a message, without the time: journald notes it.
config :logger, :console, format: "[$level] $message\n"

if config_env() == :test do
  config :logger, level: :warning
else
  config :logger, level: :info
end
