# Says what is so on a host, as root sees it. Takes: base, unit, quick (yes: the
# files of releases are not read).
base=$1 unit=$2 quick=$3
cd "$base" || exit 1
if [ -h current ] || [ -e current ]; then echo "link=$(readlink current)"; fi
[ ! -e current ] || echo "current=$(readlink -f current)"
echo "active=$(systemctl is-active "$unit")"
pid=$(systemctl show --property=MainPID --value "$unit")
echo "running=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | sed -n "s|^$base/releases/\([^/]*\)/.*|\1|p" | head -n 1)"
for release in releases/*; do
	id=${release#releases/} lists=.slipway/releases/${release#releases/}
	case $id in '*' | *.part) continue ;; esac
	if [ "$quick" = yes ] || { (cd "$release" && sha256sum --check --quiet --strict "$base/$lists/checksums") >&2 &&
		(cd "$release" && find . -mindepth 1 -type d -printf 'd\t%P\n' -o -type f -printf 'f\t%m\t%s\t%P\n' -o -type l -printf 'l\t%l\t%P\n' -o -printf 'other\t%y\t%P\n') |
			LC_ALL=C sort | diff "$lists/listing" - >&2; }; then
		echo "good=$id $(find "$release" -mindepth 1 | wc -l)"
	else
		echo "bad=$id"
	fi
done
for left in releases/*.part next current.new launch.new .slipway/scratch .slipway/change.new .slipway/back; do
	if [ -e "$left" ] || [ -h "$left" ]; then echo "left=$left"; fi
done
for activation in activations/*; do
	[ -e "$activation/release/." ] && [ -r "$activation/environment" ] && echo "activation=${activation#activations/}"
done
[ ! -e .slipway/change ] || echo "change=$(cat .slipway/change)"
[ ! -e .slipway/history.jsonl ] || sed 's/^/history=/' .slipway/history.jsonl
for lock in lock critical; do
	[ ! -e ".slipway/$lock" ] || flock --nonblock ".slipway/$lock" true || echo "held=$lock $(cat .slipway/lock)"
done
pgrep --uid deploy --list-full --full 'step[.]|sftp-server|chaos/shell' | cut -c1-100 | sed 's/^/process=/'
exit 0
