# Puts an application into the state of a snapshot, and runs it.
# Takes: base, unit, health URL, snapshot.
base=$1 unit=$2 health=$3 snapshot=/var/lib/chaos/snapshots/$4
systemctl stop --no-block "$unit"
systemctl kill --signal=KILL "$unit" 2>/dev/null
systemctl stop "$unit"
systemctl reset-failed "$unit" 2>/dev/null
find "$base" -mindepth 1 -delete
rm -rf /tmp/chaos.* /var/lib/chaos/trace/all
cp -a "$snapshot/." "$base/" || exit 1
[ -h "$base/current" ] || exit 0
systemctl start "$unit" || exit 1
for _ in $(seq 300); do
	! curl --silent --fail --max-time 2 --output /dev/null "$health" || exit 0
	sleep 0.1
done
echo "$unit does not answer" >&2
exit 1
