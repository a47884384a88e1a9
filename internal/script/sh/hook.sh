# Runs commands in a release's directory, with its environment and its own bin/
# at hand. While they run before the switch, the link next leads to the release,
# so that a unit or a sudo rule for migrations need not name it.
# Takes: base, id, env (the key of its environment; empty: none), when (before or
# after). The commands come as input.
main() {
	receive
	critical run_hook
}

run_hook() {
	scratch=$base/.slipway/scratch
	rm -rf "$scratch"
	mkdir "$scratch" && cd "$base/releases/$id" || die "cannot use $base/releases/$id and $scratch"
	[ "$when" != before ] || ln -sfT "releases/$id" "$base/next" || die "cannot write $base/next"
	(
		[ -z "$env" ] || . "$base/activations/$env/environment"
		# The release is for reading: what its scripts write goes elsewhere.
		: "${RELEASE_TMP:=$scratch}" "${RELEASE_MUTABLE_DIR:=$scratch}"
		export RELEASE_TMP RELEASE_MUTABLE_DIR
		run_text
	)
	status=$?
	rm -rf "$base/next" "$scratch"
	case $status in
	0) ;;
	124) die "the commands of $when-activate did not end within 600 s" ;;
	*) die "the commands of $when-activate failed with exit status $status: see the lines above" ;;
	esac
}
