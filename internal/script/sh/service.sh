# Finds out the state of the units, and the release that their main processes run.

# for_units DO PROPERTIES UNITS asks systemd once for these properties of all units, and
# calls DO for each, with the name in $unit and a property X in $is_X.
for_units() {
	do_unit=$1 properties=$2
	shift 2
	[ $# -gt 0 ] || return 0
	state=$(systemctl show --property="$properties" -- "$@") || die "systemctl show $* failed: see the lines above"
	forget_properties
	while IFS= read -r property; do
		case $property in
		'')
			[ $# -gt 0 ] || break
			unit=$1
			shift
			"$do_unit"
			forget_properties
			;;
		*=*)
			case ,$properties, in
			*",${property%%=*},"*) eval "is_${property%%=*}=\${property#*=}" ;;
			esac
			;;
		esac
	done <<-STATE
		$state

	STATE
}

forget_properties() {
	left=$properties,
	while [ -n "$left" ]; do
		eval "is_${left%%,*}="
		left=${left#*,}
	done
}

unit_state=LoadState,ActiveState,SubState,Result,NRestarts,MainPID,InvocationID

# show_units reports for each of $units its state in systemd's words, and the release
# that it runs.
# shellcheck disable=SC2154,SC2086 # the scripts that call this take units: names, separated by blanks
show_units() { for_units show_unit "$unit_state" $units; }

# shellcheck disable=SC2154 # for_units sets them
show_unit() {
	fact unit "$unit"
	fact LoadState "$is_LoadState"
	fact ActiveState "$is_ActiveState"
	fact SubState "$is_SubState"
	fact Result "$is_Result"
	fact NRestarts "$is_NRestarts"
	fact MainPID "$is_MainPID"
	fact InvocationID "$is_InvocationID"
	running_release "$is_MainPID"
	fact running "$id"
}

# running_release PID sets $id to the ID of the release from which a process was started,
# or to nothing. The BEAM's command line names it, since mix's start script resolves the
# link current. Nothing else of the command line is kept or shown: it has the cookie.
running_release() {
	id=
	[ "$1" -gt 0 ] 2>/dev/null || return 0
	arguments='' whole=
	{ IFS= read -r arguments || whole=yes; } 2>/dev/null <"/proc/$1/cmdline"
	# A start script that resolves links has also resolved those in this path.
	begins_in "$base/releases/" || { resolve_releases && begins_in "$resolved/"; } || search_arguments "$1"
	arguments=
}

# begins_in FRONT sets $id to the release ID that follows FRONT, if $arguments begins with
# a release's own VM or start script there. read drops the NULs between the arguments, so
# only the beginning of the first one is known for certain.
begins_in() {
	rest=${arguments#/bin/sh}
	rest=${rest#"$1"}
	id=${rest%%/*}
	case $arguments in "$1$id"/erts-* | "/bin/sh$1$id"/bin/*) is_release_id "$id" ;; *) return 1 ;; esac
}

# search_arguments PID sets $id to the first release ID in the arguments of a process
# that is neither: it may be the VM of the system.
search_arguments() {
	id=
	case $whole$arguments in
	yes*"$base/releases/"* | yes*"$resolved/"*) ;;
	yes*) return ;;
	esac
	arguments=$line_break$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline") 2>/dev/null
	find_release "$line_break$base/releases/" || { resolve_releases && find_release "$line_break$resolved/"; } || id=
}

# resolve_releases sets $resolved to the path of the releases without links.
resolved=
resolve_releases() { [ -n "$resolved" ] || resolved=$(cd -P "$base/releases" 2>/dev/null && pwd -P); }

# find_release FRONT finds the release ID that follows FRONT in $arguments.
find_release() {
	rest=$arguments
	while :; do
		case $rest in *"$1"*) rest=${rest#*"$1"} ;; *) return 1 ;; esac
		id=${rest%%/*}
		[ "$id" = "$rest" ] || ! is_release_id "$id" || return 0
	done
}

is_release_id() {
	case $1 in
	[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]) ;;
	*) return 1 ;;
	esac
}

# show_current reports the release that current points to, and the key of its
# environment. It leaves the link's target in $current_target.
show_current() {
	current_target='' environment='' link=''
	[ -h "$base/current" ] || return 0
	set -- "$base/current"
	for other in "$base"/activations/*/release "$base"/releases/*; do
		[ ! -h "$other" ] || set -- "$@" "$other"
	done
	[ $# = 1 ] && follow_current || read_links "$@"
	id=${link#releases/}
	id=${id%%/}
	is_release_id "$id" && [ "$id" != "$link" ] || return 0
	fact current "$id"
	fact current_env "$environment"
}

# follow_current finds out with the shell alone to which release current leads. It fails
# if current leads elsewhere or to nothing, or to what this user may not enter. The text of
# the link counts then, and only a program can read it.
#
# A link with another text, such as an absolute path, may lead to the same release. Both
# mean the same: the start script resolves the link too, and the next change replaces it.
# The caller has seen that no release is a link: so a resolved path has the release's own
# name. $base may be below a link, so both paths are compared without links.
follow_current() {
	resolved=$({ cd -P "$base/releases" && pwd -P && cd -P "$base/current" && pwd -P; } 2>/dev/null)
	followed=$resolved
	resolved=${resolved%%"$line_break"*}
	id=${followed#"$resolved$line_break$resolved/"}
	is_release_id "$id" && current_target=releases/$id link=releases/$id
}

# read_links LINKS sets $current_target, $link and $environment from the links, of which
# the first is current. One program reads all: which of them counts is in the first one.
read_links() {
	links=$(readlink "$@") || die "cannot read the links $*: see the lines above"
	current_target=${links%%"$line_break"*}
	link=${current_target#"$base"/}
	case $link in activations/*/release) resolve_activation "$@" ;; esac
}

# resolve_activation LINKS sets $environment and $link from the activation in $link.
resolve_activation() {
	environment=${link#activations/}
	environment=${environment%/release}
	wanted=$base/$link link=
	while IFS= read -r target; do
		[ "$1" != "$wanted" ] || link=${target#../../}
		shift
	done <<-LINKS
		$links
	LINKS
}
