# The index of short names is a file here, with lines of NAME URL; asdf has a repository for it.
SHORT_NAMES=$DATA/short-names

plugin_add() {
	local name=${1:-} url=${2:-}
	[ -n "$name" ] || die 1 'usage: asdf plugin add <name> [<git-url>]'
	[[ $name =~ ^[a-z0-9_-]+$ ]] ||
		die 1 "$name is invalid. Name may only contain lowercase letters, numbers, '_', and '-'"
	if [ -d "$DATA/plugins/$name" ]; then
		say "Plugin named $name already added"
		return 0
	fi
	if [ -z "$url" ]; then
		url=$(awk -v name="$name" '$1 == name { print $2 }' "$SHORT_NAMES")
		[ -n "$url" ] || die 1 "plugin $name not found in repository"
	fi
	mkdir -p "$DATA/plugins"
	git clone -q "$url" "$DATA/plugins/$name" || die 1 "could not clone $url"
}

plugin_list() {
	local name names
	names=$(installed_plugins)
	[ -n "$names" ] || warn 'No plugins installed'
	for name in $names; do
		if [ "${1:-}" = --urls ]; then
			printf '%-28s %s\n' "$name" "$(git -C "$DATA/plugins/$name" remote get-url origin)"
		else
			say "$name"
		fi
	done
}
