# Debian's Erlang under the name that people give it.
# shellcheck disable=SC2034 # common/bin/install reads the variables
# shellcheck source=../common/log.sh
. ./log.sh
tool=erlang
programs='epmd erl erlc escript typer'

body() { echo "exec /usr/lib/erlang/bin/$1 \"\$@\""; }
