# Breaks something on the host, or mends all that was broken.
# Takes: base, unit, what, the ID of the release that is about to run.
base=$1 unit=$2 id=$4
rules=/etc/sudoers.d/slipway-${unit%.service}
running() { tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -q "^$base/releases/$id/"; }
# mending COMMAND keeps what is mended from being broken once more.
mending() { flock /var/lib/chaos/mending sh -c "$1"; }
case $3 in
bytes)
	mkdir -p /opt/apxr/.full
	cat /dev/zero >/opt/apxr/.full/zero 2>/dev/null
	;;
inodes)
	mkdir -p /opt/apxr/.full/inodes
	cd /opt/apxr/.full/inodes && seq 1 100000 | xargs touch 2>/dev/null
	;;
sudo) mv "$rules" /var/lib/chaos/rules ;;
unit-once) echo "once $id" >/var/lib/chaos/unit ;;
unit-limit) echo "always $id" >/var/lib/chaos/unit ;;
unit-flap)
	for _ in $(seq 200); do
		[ -e /var/lib/chaos/flapping ] || exit 0
		pid=$(systemctl show --property=MainPID --value "$unit")
		[ "$pid" -gt 0 ] && running "$pid" && sleep 0.2 && mending '[ ! -e /var/lib/chaos/flapping ] || kill -9 '"$pid"
		sleep 0.1
	done
	;;
mend)
	mending 'rm -rf /opt/apxr/.full /var/lib/chaos/unit /var/lib/chaos/flapping'
	[ ! -e /var/lib/chaos/rules ] || mv /var/lib/chaos/rules "$rules"
	;;
esac
exit 0
