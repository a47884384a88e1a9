# Says what is so on a host, as root sees it. Takes: base, unit, quick (yes: the
# files of releases are not read).
base=$1 unit=$2 quick=$3
cd "$base" || exit 1
if [ -h current ] || [ -e current ]; then echo "link=$(readlink current)"; fi
[ ! -e current ] || echo "current=$(readlink -f current)"
echo "active=$(systemctl is-active "$unit")"
pid=$(systemctl show --property=MainPID --value "$unit")
echo "running=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | sed -n "s|^$base/releases/\([^/]*\)/.*|\1|p" | head -n 1)"
# verify compares a release with its manifest, entry by entry and byte by byte. It shares
# nothing with the scripts that are under test.
verify() {
	python3 -c '
import hashlib, json, os, stat, sys
tree, manifest = sys.argv[1:]
want = {}
for f in json.load(open(manifest))["files"]:
    want[f["path"]] = (f["kind"], f.get("target"), f.get("mode", 0) & ~0o027, f.get("size", 0), f.get("sha256"))
def entry(path):
    info = os.lstat(path)
    if stat.S_ISLNK(info.st_mode):
        return ("link", os.readlink(path), None, None, None)
    if stat.S_ISDIR(info.st_mode):
        return ("dir", None, None, None, None)
    if not stat.S_ISREG(info.st_mode):
        return ("other", None, None, None, None)
    return ("file", None, stat.S_IMODE(info.st_mode), info.st_size, hashlib.sha256(open(path, "rb").read()).hexdigest())
found = {}
for top, dirs, files in os.walk(tree):
    for name in dirs + files:
        path = os.path.join(top, name)
        found[os.path.relpath(path, tree)] = entry(path)
same = lambda w, f: w[0] == f[0] and (w[0] != "link" or w[1] == f[1]) and (w[0] != "file" or w[2:] == f[2:])
wrong = [p for p in sorted(set(want) | set(found)) if p not in want or p not in found or not same(want[p], found[p])]
for p in wrong[:5]:
    print(p, "expected", want.get(p), "found", found.get(p), file=sys.stderr)
sys.exit(bool(wrong))' "$1" "$2" >&2
}
for release in releases/*; do
	id=${release#releases/}
	case $id in '*' | *.part) continue ;; esac
	if [ "$quick" = yes ] || verify "$release" ".slipway/releases/$id/manifest.json"; then
		echo "good=$id $(find "$release" -mindepth 1 | wc -l)"
	else
		echo "bad=$id"
	fi
done
for left in releases/*.part next current.new launch.new .slipway/scratch* .slipway/releases/*.* .slipway/back; do
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
pgrep --uid deploy --list-full --full 'step[.]|chaos/shell' | cut -c1-100 | sed 's/^/process=/'
exit 0
