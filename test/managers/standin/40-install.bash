# install_version PLUGIN VERSION
install_version() (
	need_plugin "$1"
	split "$2"
	case $GENERATION-$type in
	classic-system) return 0 ;;
	# Before 0.16 it takes the word before the colon for a version, and fails on it.
	classic-path) set -- "$1" path ;;
	rewrite-system | rewrite-path) die 3 "uninstallable version $type of $1" ;;
	esac
	plugin_env "$1" "$2"
	if [ -d "$ASDF_INSTALL_PATH" ]; then
		already "$1" "$2"
		return 0
	fi
	export ASDF_DOWNLOAD_PATH="$DATA/downloads/$1/${ASDF_INSTALL_PATH##*/}" ASDF_CONCURRENCY=1
	mkdir -p "$ASDF_DOWNLOAD_PATH"
	if [ -f "$ASDF_PLUGIN_PATH/bin/download" ]; then
		"$ASDF_PLUGIN_PATH/bin/download" || give_up download
	fi
	mkdir -p "$ASDF_INSTALL_PATH"
	"$ASDF_PLUGIN_PATH/bin/install" || give_up install
	rm -rf "$ASDF_DOWNLOAD_PATH"
	reshim "$1" "$2"
)

already() {
	if [ $GENERATION = classic ]; then
		say "$1 $2 is already installed"
	else
		warn "version $2 of $1 is already installed"
	fi
}

give_up() {
	rm -rf "$ASDF_INSTALL_PATH"
	[ $GENERATION = classic ] || warn "failed to run $1 callback: exit status 1"
	exit 1
}

# install_tool PLUGIN installs the versions that this directory asks for.
install_tool() {
	local version versions source
	need_plugin "$1"
	find_versions "$1" || die 1 "No versions specified for $1 in config files or environment"
	for version in $versions; do
		install_version "$1" "$version" || exit
	done
}

install_all_classic() {
	local name some='' missing='' versions source
	[ -n "$(installed_plugins)" ] || die 1 'Install plugins first to be able to install tools'
	while read -r name; do
		if [ ! -d "$DATA/plugins/$name" ]; then
			say "$name plugin is not installed"
			missing=yes
		fi
	done < <(sed 's/#.*//' "$(nearest_file)" 2>/dev/null | awk 'NF { print $1 }')
	[ -z "$missing" ] || exit 1
	for name in $(installed_plugins); do
		if find_versions "$name"; then
			some=yes
			install_tool "$name"
		fi
	done
	[ -n "$some" ] || die 1 'Either specify a tool & version in the command
OR add .tool-versions file in this directory
or in a parent directory'
}

# Since 0.16 a tool without a plugin is passed over in silence, and one that fails does not keep others from being tried.
install_all_rewrite() {
	local name code=0 status version versions source
	for name in $(installed_plugins); do
		find_versions "$name" || continue
		for version in $versions; do
			install_version "$name" "$version"
			status=$?
			if [ $status -eq 1 ]; then
				code=1
			fi
			[ $status -eq 0 ] || break
		done
	done
	exit $code
}
