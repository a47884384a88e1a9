# Debian's Elixir. It finds erl on the PATH, as every Elixir does; mix finds elixir there.
. ./log.sh
tool=elixir
programs='elixir elixirc iex mix'

body() { echo "exec /usr/lib/elixir/bin/$1 \"\$@\""; }
