#!/bin/bash
# Stands for a command that a script runs. The K-th call in a step is told to
# the harness, before and after, as the step itself is. Its answers:
#
#	go
#	kill        kill -9 of the script alone; this command goes on
#	killgroup   kill -9 of all that the step consists of
name=${0##*/}
PATH=${PATH#/usr/local/lib/chaos/shims:}
real=$(type -P "$name")
PATH=/usr/local/lib/chaos/shims:$PATH
if [ -z "$CHAOS_COMMAND" ]; then
	echo "$CHAOS_STEP $name" >>/var/lib/chaos/trace/all
	exec "$real" "$@"
fi
[ "$name" = "$CHAOS_COMMAND" ] || exec "$real" "$@"
echo >>"$CHAOS_COUNTS/calls"
mapfile -t calls <"$CHAOS_COUNTS/calls"
[ "${#calls[@]}" = "$CHAOS_K" ] || exec "$real" "$@"

ask() {
	local answer=
	echo "$*" >&"$line"
	read -r answer <&"$line"
	case $answer in
	kill) kill -9 "$CHAOS_PID" ;;
	killgroup) kill -9 0 ;;
	esac
}
exec {line}<>"/dev/tcp/$CHAOS_HARNESS"
ask in "$CHAOS_STEP" "$name" "$CHAOS_K" before
"$real" "$@" {line}>&-
status=$?
ask in "$CHAOS_STEP" "$name" "$CHAOS_K" after
exit "$status"
