# Hides units and stops those that run: off.sh check|write UNIT...
# Says what it does, or would do.
set -eu

mode=$1
shift

for unit; do
	hidden=/etc/systemd/system/$unit
	if [ "$(readlink "$hidden" || :)" != /dev/null ]; then
		echo "hide $unit"
		[ "$mode" = check ] || ln -sfn /dev/null "$hidden"
	fi
	if systemctl --quiet is-active "$unit"; then
		echo "stop $unit"
		[ "$mode" = check ] || systemctl stop "$unit"
	fi
done
