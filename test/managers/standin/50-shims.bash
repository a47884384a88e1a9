# reshim PLUGIN VERSION adds the version to the shim of each of its programs.
reshim() {
	local dir program shim
	mkdir -p "$DATA/shims"
	for dir in $(bin_paths "$1" "$2"); do
		for program in "$dir"/*; do
			[ -f "$program" ] && [ -x "$program" ] || continue
			shim=$DATA/shims/${program##*/}
			write_shim "$shim" "$( (grep -s '^# asdf-plugin: ' "$shim"; say "# asdf-plugin: $1 $2") | sort -u)"
		done
	done
}

# write_shim FILE LINES replaces the shim in one step: it may be running.
write_shim() {
	printf '#!/usr/bin/env bash\n%s\nexec %s exec "%s" "$@"\n' "$2" "$SELF" "${1##*/}" >"$1.part"
	chmod 755 "$1.part"
	mv "$1.part" "$1"
}

reshim_all() {
	local dir version
	[ $# -eq 0 ] || need_plugin "$1"
	# shellcheck disable=SC2231 # the plugin, or all
	for dir in "$DATA"/installs/${1:-*}/*/; do
		[ -d "$dir" ] || continue
		dir=${dir%/} version=${dir##*/} dir=${dir%/*}
		reshim "${dir##*/}" "${version/#ref-/ref:}"
	done
}

uninstall() {
	need_plugin "$1"
	local shim
	[ -d "$(install_path "$1" "$2")" ] || die 1 'No such version'
	rm -rf "$(install_path "$1" "$2")"
	for shim in "$DATA"/shims/*; do
		[ -f "$shim" ] || continue
		sed -i "/^# asdf-plugin: $1 ${2//\//.}\$/d" "$shim"
		grep -q '^# asdf-plugin: ' "$shim" || rm "$shim"
	done
}

# run_command COMMAND [ARGUMENT...] runs what the shim of that name stands for here.
run_command() {
	local shim plugin version versions source preset=() path
	[ $# -gt 0 ] || die 1 'usage: asdf exec <command>'
	shim=$DATA/shims/$1
	[ -f "$shim" ] || die 126 "unknown command: $1. Perhaps you have to reshim?"
	for plugin in $(sed -n 's/^# asdf-plugin: \([^ ]*\) .*/\1/p' "$shim" | uniq); do
		find_versions "$plugin" || continue
		for version in $versions; do
			preset+=("$plugin $version")
			if path=$(find_program "$plugin" "$version" "$1"); then
				run_program "$plugin" "$version" "$path" "${@:2}"
			fi
		done
	done
	no_version "$1" "$shim" "${preset[@]+"${preset[@]}"}"
}

# find_program PLUGIN VERSION COMMAND
find_program() {
	local dir
	if [ "$2" = system ]; then
		PATH=$(say ":$PATH:" | sed "s|:$DATA/shims:|:|g; s|^:||; s|:\$||") type -P "$3"
		return
	fi
	for dir in $(bin_paths "$1" "$2"); do
		if [ -x "$dir/$3" ]; then
			say "$dir/$3"
			return
		fi
	done
	return 1
}

# run_program PLUGIN VERSION PATH [ARGUMENT...]. Other tools' programs come from the PATH as it was: if the shims are
# not on it, from the system.
run_program() {
	local plugin=$1 version=$2 program=$3
	shift 3
	if [ "$version" != system ]; then
		plugin_env "$plugin" "$version"
		PATH=$(bin_paths "$plugin" "$version" | tr '\n' ':')$PATH
		if [ -f "$ASDF_PLUGIN_PATH/bin/exec-env" ]; then
			# shellcheck source=/dev/null # the plugin's
			. "$ASDF_PLUGIN_PATH/bin/exec-env"
		fi
	fi
	exec "$program" "$@"
}

# no_version COMMAND SHIM [PRESET...] says why there is nothing to run.
no_version() {
	local command=$1 shim=$2 preset
	shift 2
	# Since 0.16 it says so only if no version at all is installed.
	if [ $# -gt 0 ] && { [ $GENERATION = classic ] || ! any_installed "$shim"; }; then
		warn "No preset version installed for command $command"
		warn 'Please install a version by running one of the following:'
		for preset; do
			warn "asdf install $preset"
		done
		warn "or add one of the following versions in your config file at $(nearest_file)"
	else
		warn "No version is set for command $command"
		warn "Consider adding one of the following versions in your config file at $(nearest_file)"
	fi
	sed -n 's/^# asdf-plugin: //p' "$shim" >&2
	exit 126
}

any_installed() {
	local plugin version
	while read -r plugin version; do
		[ ! -d "$(install_path "$plugin" "$version")" ] || return 0
	done < <(sed -n 's/^# asdf-plugin: //p' "$1")
	return 1
}
