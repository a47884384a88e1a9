#!/bin/bash
# The login shell of deploy while faults are tried. sshd runs every command and
# the SFTP server through it: it tells the harness of each, before and after,
# and waits for its answer:
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
