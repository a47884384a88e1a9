# Debian's Elixir. It finds erl on the PATH, as every Elixir does; mix finds elixir there.
# shellcheck disable=SC2034 # common/bin/install reads the variables
# shellcheck source=../common/log.sh
. ./log.sh
tool=elixir
programs='elixir elixirc iex mix'

body() { echo "exec /usr/lib/elixir/bin/$1 \"\$@\""; }
