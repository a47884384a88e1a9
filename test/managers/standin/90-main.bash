plugin() {
	local command=${1:-list}
	shift
	case $command in
	add) plugin_add "$@" ;;
	list) plugin_list "$@" ;;
	*) unknown plugin "$command" ;;
	esac
}

install() {
	case $# in
	0) install_all_$GENERATION ;;
	1) install_tool "$1" ;;
	*) install_version "$1" "$2" || exit 1 ;;
	esac
}

unknown() {
	if [ $GENERATION = classic ]; then
		die 1 "Unknown command: \`asdf $*\`"
	fi
	die 1 "invalid command provided: $*"
}

# What there is only before 0.16.
classic() {
	local command=$1
	shift
	case $command in
	plugin-add) plugin_add "$@" ;;
	plugin-list) plugin_list "$@" ;;
	list-all) list all "$@" ;;
	local) set_version "$VERSIONS_FILE" "$@" ;;
	global) set_version "$HOME/$VERSIONS_FILE" "$@" ;;
	*) unknown "$command" ;;
	esac
}

# What there is only since.
rewrite() {
	local command=$1
	shift
	[ "$command" = set ] || unknown "$command"
	case ${1:-} in
	-u | --home) set_version "$HOME/$VERSIONS_FILE" "${@:2}" ;;
	*) set_version "$VERSIONS_FILE" "$@" ;;
	esac
}

main() {
	local command=${1:-version}
	shift
	case $command in
	version | --version) version "$command" ;;
	plugin) plugin "$@" ;;
	install) install "$@" ;;
	uninstall) uninstall "$@" ;;
	list) list "$@" ;;
	where) where "$@" ;;
	current) current "$@" ;;
	exec) run_command "$@" ;;
	reshim) reshim_all "$@" ;;
	*) $GENERATION "$command" "$@" ;;
	esac
}

main "$@"
