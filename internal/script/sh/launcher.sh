# put_launcher installs the program $base/launch, which a unit can use as
#
#	ExecStart=/opt/ORG/APP/launch bin/APP start
#
# A unit that migrates before the switch uses it with --next before bin. The launcher
# gives the release the environment that was deployed with it. It runs as the
# application's user. With systemd's EnvironmentFile= instead, PID 1 would read any
# file of the host to which the deploy user makes a link.
put_launcher() {
	! has_launcher || return 0
	launcher_text >"$base/launch.new" && chmod 0750 "$base/launch.new" || die "cannot write $base/launch.new"
	# An empty launcher would start nothing after a power cut.
	sync "$base/launch.new" && mv -T "$base/launch.new" "$base/launch" && sync "$base" ||
		die "cannot write $base/launch"
}

has_launcher() {
	[ -x "$base/launch" ] || return
	load_launcher
	is=
	while IFS= read -r line; do is=$is$line$line_break; done <"$base/launch"
	[ "$is" = "$launcher" ]
}

launcher_text() {
	load_launcher
	printf '%s' "$launcher"
}

# load_launcher starts no program, as cat would be.
load_launcher() {
	launcher=
	while IFS= read -r line; do launcher=$launcher$line$line_break; done <<'LAUNCH'
#!/bin/sh
# Starts a program of the current release, with the environment that was deployed
# with it: launch bin/APP start
# With --next before that, it takes the release that is about to be switched on.
# The link is read once, so that release and environment belong together.
slipway_base=${0%/*} slipway_name=current slipway_else="nothing is deployed"
if [ "$1" = --next ]; then
	slipway_name=next slipway_else="no deploy is about to switch"
	shift
fi
slipway_link=$(readlink "$slipway_base/$slipway_name") || {
	echo "launch: there is no $slipway_base/$slipway_name: $slipway_else" >&2
	exit 1
}
slipway_link=$slipway_base/${slipway_link#"$slipway_base"/}
slipway_program=$slipway_link/$1
shift
set -- "$slipway_program" "$@"
# The environment may have variables with any name, also with those above. From here on,
# nothing else is needed.
case $slipway_link in
*/activations/*/release) . "${slipway_link%/release}/environment" || exit ;;
esac
exec "$@"
LAUNCH
}
