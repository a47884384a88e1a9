list_installed() {
	local name=$1 version versions='' source found=''
	need_plugin "$name"
	find_versions "$name"
	for version in "$DATA/installs/$name"/*; do
		[ -d "$version" ] || continue
		found=yes version=${version##*/}
		version=${version/#ref-/ref:}
		if grep -qxF -e "$version" <<<"$versions"; then
			say " *$version"
		else
			say "  $version"
		fi
	done
	[ -n "$found" ] || die 1 "No compatible versions installed ($name)"
}

list() {
	case ${1:-} in
	all)
		need_plugin "$2"
		"$DATA/plugins/$2/bin/list-all" | tr ' ' '\n' | grep .
		;;
	'')
		local name
		for name in $(installed_plugins); do
			say "$name"
			(list_installed "$name" 2>/dev/null) || say '  No versions installed'
		done
		;;
	*) list_installed "$1" ;;
	esac
}

where() {
	local path versions source
	need_plugin "$1"
	if [ $# -eq 1 ]; then
		find_versions "$1" || die 1 "No version is set for $1"
		set -- "$1" "${versions%%$'\n'*}"
	fi
	[ "$2" != system ] || die 1 'System version is selected'
	path=$(install_path "$1" "$2")
	[ -d "$path" ] || die 1 'Version not installed'
	say "$path"
}

# current_of TOOL. 126: no version is set; 1: it is not installed.
current_of() {
	local first versions source installed=true code=0 note=''
	need_plugin "$1"
	if ! find_versions "$1"; then
		current_line "$1" ______ ______ '' "No version is set. Run \"asdf set $1 <version>\""
		return 126
	fi
	first=${versions%%$'\n'*}
	if [ "$first" != system ] && [ ! -d "$(install_path "$1" "$first")" ]; then
		installed="false - Run \`asdf install $1 $first\`" note="Not installed. Run \"asdf install $1 $first\"" code=1
	fi
	current_line "$1" "${versions//$'\n'/ }" "$source" "$installed" "$note"
	return $code
}

# current_line NAME VERSIONS SOURCE INSTALLED NOTE. Before 0.16, NOTE stands in the place of SOURCE.
current_line() {
	if [ $GENERATION = classic ]; then
		printf '%-15s %-15s %-10s\n' "$1" "$2" "${5:-$3}"
	else
		printf '%-15s %-15s %-15s %s\n' "$1" "$2" "$3" "$4"
	fi
}

current() {
	local name
	[ $GENERATION = classic ] || current_line Name Version Source Installed ''
	if [ $# -gt 0 ]; then
		current_of "$1"
		return
	fi
	[ -n "$(installed_plugins)" ] || say 'No plugins installed'
	for name in $(installed_plugins); do
		current_of "$name"
	done
	return 0
}

# set_version FILE TOOL VERSION...
set_version() {
	local file=$1
	shift
	[ -d "$DATA/plugins/$1" ] || die 1 "No such plugin: $1"
	touch "$file"
	sed -i "/^$1 /d" "$file"
	say "$*" >>"$file"
}

version() {
	if [ $GENERATION = classic ]; then
		say v0.14.1-standin
	elif [ "$1" = version ]; then
		say 'v0.16.7 (revision standin)'
	else
		say 'asdf version v0.16.7 (revision standin)'
	fi
}
