# Comes before every script. A script defines main(). The last line that is sent
# calls start, which decodes the arguments "name.value" into variables of these
# names and runs main.
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

# decode VALUE says in $decoded what args.go has encoded: "_" and three octal
# digits are a byte. A script has many arguments, and starting a process costs
# more than most of them do otherwise; sed is for what is so long that the loop
# would take its time.
decode() {
	rest=$1 decoded=$1
	case $1 in
	*_*) decoded= ;;
	*) return ;;
	esac
	if [ ${#rest} -gt 2000 ]; then
		rest=$(printf '%s' "$rest" | sed 's/_/\\0/g')
	else
		while :; do
			case $rest in
			*_*) decoded="$decoded${rest%%_*}\\0" rest=${rest#*_} ;;
			*) break ;;
			esac
		done
	fi
	decoded=$(printf '%b' "$decoded$rest")
}

start() {
	for pair in "$@"; do
		decode "${pair#*.}"
		readonly "${pair%%.*}=$decoded"
	done
	main
	exit # or the shell would wait for more on its stdin, with all that main holds
}
