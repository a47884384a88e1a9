# Precedes every script. A script defines main(). The last line that is sent calls
# start, which decodes each argument "name.value" into the variable "name", then runs
# main.
set -u
umask 027
LC_ALL=C
export LC_ALL

# Descriptor 3 carries facts to the caller. The output of commands goes to the log.
exec 3>&1 1>&2

# Both streams begin with the mark that comes first. What came before was printed by the
# login shell.
printf '%sbegan\n' "$1" >&3
printf '%sbegan\n' "$1"
shift

# Each fact begins with this: see shell.sh.
answer_mark=

fact() {
	case $2 in
	*"$line_break"*) printf '%s%s=%s\n' "$answer_mark" "$1" "$(printf '%s' "$2" | tr '\n' ' ')" >&3 ;;
	*) printf '%s%s=%s\n' "$answer_mark" "$1" "$2" >&3 ;;
	esac
}
line_break='
'

# die REASON ends the script. The caller reads the reason as one line.
die() {
	fact error "$*"
	exit 1
}

ready() { printf '%sready\n' "$answer_mark" >&3; }

# decode VALUE sets $decoded to the value that args.go encoded: "_" and three octal
# digits stand for a byte. The loop starts no process, since scripts have many short
# arguments; sed decodes long ones, for which the loop would be slow.
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
}

# answered ends a script whose answer is facts. It marks the end of the answer, since
# what is left of the answer may be cut off with the output of a program that the script
# has left behind. Without exit the shell would read on from its stdin, still holding
# main's locks.
answered() {
	status=$?
	fact answered yes
	exit "$status"
}
