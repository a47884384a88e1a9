# Comes before every script. A script defines main(); the last line that is
# sent calls start, which decodes the arguments "name.value" into variables of
# these names and runs main.
set -u
umask 027
LC_ALL=C
export LC_ALL

# Facts go to the caller on descriptor 3; what commands print is log.
exec 3>&1 1>&2

fact() {
	case $2 in
	*"$line_break"*) printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')" >&3 ;;
	*) printf '%s=%s\n' "$1" "$2" >&3 ;;
	esac
}
line_break='
'

# The caller reads the reason as one line.
die() {
	fact error "$*"
	exit 1
}

ready() { echo ready >&3; }

# decode is for what args.go has encoded: "_" and three octal digits are a byte.
decode() { printf '%b' "$(printf '%s' "$1" | sed 's/_/\\0/g')"; }

start() {
	for pair in "$@"; do
		readonly "${pair%%.*}=$(decode "${pair#*.}")"
	done
	main
	exit # or the shell would wait for more on its stdin, with all that main holds
}
