#!/bin/bash
# The login shell of deploy while faults are tried. sshd runs every session through
# it: it tells the harness of each script, before and after, and waits for its
# answer:
#
#	go LABEL [DIR COMMAND K]   run it; with DIR first in PATH
#	kill                       die here, as by kill -9
#
# Without a harness it is bash.
[ "${1-}" = -c ] && read -r address port 2>/dev/null </var/lib/chaos/harness || exec /bin/bash "$@"
exec {line}<>"/dev/tcp/$address/$port" || exec /bin/bash "$@"
command=$2
case $command in
*" step."*) step=${command#* step.} step=${step%% *} ;;
*) step=${command##*/} ;;
esac

ask() {
	echo "$*" >&"$line"
	answer=()
	read -r -a answer <&"$line"
	case ${answer[0]-} in kill | killgroup) kill -9 0 ;; esac
}

# A session's shell runs many steps. They come as lines of its stdin, each of which has
# an end in its stdout: see shell.sh in internal/script/sh.
serve_session() {
	work=$(mktemp -d /tmp/chaos.XXXXXX)
	mkfifo "$work/in" "$work/out" "$work/ends" "$work/told"
	/bin/sh -c "export CHAOS_PID=\$\$; exec $command" <"$work/in" >"$work/out" {line}>&- &
	shell=$!
	exec {to}>"$work/in" {from}<"$work/out" {ends}<>"$work/ends" {told}<>"$work/told"
	rm -rf "$work"
	pass_answers {to}>&- {line}>&- <&"$from" {from}<&- &
	answers=$!
	exec {from}<&-
	while IFS= read -r request; do
		read -r verb mark names rest <<<"$request"
		case $verb in
		run | feed | last) serve_step ;;
		*) printf '%s\n' "$request" >&"$to" ;;
		esac
	done
	end_session
}

# The client must not know of an end before the harness does. Once the client has gone,
# nobody reads what scripts write, as without this shell.
pass_answers() {
	trap '' PIPE
	while IFS= read -r answered; do
		case $answered in
		*ended=*)
			echo "${answered##*ended=}" >&"$ends"
			read -r _ <&"$told"
			;;
		esac
		printf '%s\n' "$answered" 2>/dev/null || break
	done
	exec <&-
	echo gone >&"$ends"
}

serve_step() {
	step=${names##*,}
	ask before "$step"
	label=${answer[1]-$step} dir=${answer[2]-}
	if [ -n "$dir" ]; then
		counts=$(mktemp -d /tmp/chaos.XXXXXX)
		echo "text chaos export PATH=/usr/local/lib/chaos/$dir:$PATH CHAOS_HARNESS=$address/$port CHAOS_STEP=${answer[1]} CHAOS_COMMAND=${answer[3]-} CHAOS_K=${answer[4]-} CHAOS_COUNTS=$counts" >&"$to"
		names=chaos,$names
	fi
	echo "$verb $mark $names $rest" >&"$to"
	if [ "$verb" = feed ]; then
		IFS= read -r input
		printf '%s\n' "$input" >&"$to"
	fi
	[ "$verb" != last ] || end_session
	read -r status <&"$ends"
	[ "$status" != gone ] || lost=yes status=255
	ask after "$label" "$status"
	echo >&"$told"
	# A session ends when its shell has been killed, and all that it had started has ended.
	[ -z "${lost-}" ] || {
		exec {to}>&-
		wait "$shell"
		exit
	}
}

# end_session passes on the input of the last step, and waits for its end.
end_session() {
	cat >&"$to"
	exec {to}>&-
	wait "$shell"
	status=$?
	wait "$answers"
	[ "${verb-}" != last ] || ask after "$label" "$status"
	exit "$status"
}

case $command in *" step.shell "*) serve_session ;; esac

ask before "$step"
dir=${answer[2]-}
if [ -n "$dir" ]; then
	export PATH="/usr/local/lib/chaos/$dir:$PATH" CHAOS_HARNESS="$address/$port" CHAOS_STEP="${answer[1]}"
	export CHAOS_COMMAND="${answer[3]-}" CHAOS_K="${answer[4]-}" CHAOS_COUNTS
	CHAOS_COUNTS=$(mktemp -d /tmp/chaos.XXXXXX)
fi
# Light releases boot in no time: a busy machine is no reason to wait for them.
[ ! -e /var/lib/chaos/light ] || export OMP_NUM_THREADS=64
/bin/sh -c "export CHAOS_PID=\$\$; exec $command" {line}>&-
status=$?
ask after "${answer[1]-$step}" "$status"
exit "$status"
