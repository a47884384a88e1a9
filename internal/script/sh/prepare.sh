# Libraries: receive launcher critical
# Writes the environment of an activation next to the release, where nothing uses it
# yet; or reports that current already is that release with that environment.
# Takes: base, token, id, key (of the activation), env (new: it comes as input; keep: copy
# that of the activation in from; none: there is none), from (a key).
main() {
	text=
	[ "$env" != new ] || receive
	if [ "$env" = none ] && has_launcher && ! is_current; then
		is_ours || fenced # there is nothing to write
	else
		critical prepare
	fi
}

prepare() {
	put_launcher
	case $env in
	keep) text=$(cat "$base/activations/$from/environment") || die "cannot read $base/activations/$from/environment" ;;
	esac
	if is_current; then
		fact same yes
	elif [ "$env" != none ]; then
		put_environment
	fi
}

is_current() {
	[ "$base/current" -ef "$base/releases/$id" ] || return
	link=$(readlink "$base/current")
	link=${link#"$base"/}
	case $link in
	activations/*/release) [ "$env" != none ] && printf '%s\n' "$text" | cmp -s - "$base/${link%/release}/environment" ;;
	*) [ "$env" = none ] ;;
	esac
}

# put_environment makes a file that the application's group can read: the directory
# inherits the group from $base, and the umask allows it.
put_environment() {
	dir=$base/activations/$key
	rm -rf "$dir"
	mkdir -p "$dir" && ln -s "../../releases/$id" "$dir/release" && printf '%s\n' "$text" >"$dir/environment" ||
		die "cannot write $dir"
	sync -f "$dir" || die "cannot write $dir to disk"
}
