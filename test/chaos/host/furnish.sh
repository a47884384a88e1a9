# Makes a web host one that faults can be tried on, once, as root.
# Takes: the units, each as UNIT=DIRECTORY of its application.
set -eu
lib=/usr/local/lib/chaos
mkdir -p "$lib/shims" "$lib/clock" /var/lib/chaos/snapshots /var/lib/chaos/trace
chmod 1777 /var/lib/chaos/trace
chmod 0755 "$lib"/*.sh
for command in mv ln rm cp mkdir sync flock sudo systemctl tar zstd gzip bash cat awk sed sha256sum find sort diff xargs timeout head \
	readlink chmod cmp sleep df stat date tail tr grep cut basename id nproc dirname uname getconf kill env sh; do
	case $command in kill | sh) continue ;; esac
	! type "$command" >/dev/null 2>&1 || ln -sf ../shim.sh "$lib/shims/$command"
done
ln -sf ../clock.sh "$lib/clock/date"
for pair; do
	drop=/etc/systemd/system/${pair%%=*}.d
	mkdir -p "$drop"
	printf '[Service]\nRestartSec=200ms\nExecStartPre=+%s/start.sh %s\n' "$lib" "${pair#*=}" >"$drop/chaos.conf"
done
# A manager of its own for each login would be half of the work.
systemctl mask --quiet user@.service
systemctl daemon-reload
usermod --shell "$lib/shell.sh" deploy
