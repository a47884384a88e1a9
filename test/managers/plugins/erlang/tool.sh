# Debian's Erlang under the name that people give it.
. ./log.sh
tool=erlang
programs='epmd erl erlc escript typer'

body() { echo "exec /usr/lib/erlang/bin/$1 \"\$@\""; }
