# Makes ~/.ssh/slipway_git have what comes as input; nothing comes: there is no
# such file. Says "changed" if it was otherwise. Argument: check or write.
set -eu
umask 077
file=$HOME/.ssh/slipway_git
new=$(cat)
if [ -n "$new" ]; then
	! printf '%s\n' "$new" | cmp -s - "$file" || exit 0
else
	[ -e "$file" ] || exit 0
fi
echo changed
[ "$1" = write ] || exit 0
if [ -n "$new" ]; then
	mkdir -p "$HOME/.ssh"
	printf '%s\n' "$new" >"$file.new"
	mv "$file.new" "$file"
else
	rm -f "$file"
fi
