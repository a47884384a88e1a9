# receive reads the one text that comes as input into $text: commands, or an
# environment. Such texts may be long and secret, so they are not arguments.
receive() {
	ready
	IFS=' ' read -r word encoded mark || die "the connection ended before everything had come"
	[ "$word $mark" = "text end" ] || die "the connection ended before everything had come"
	exec </dev/null
	decode "${encoded#.}"
	text=$decoded
}

# run_text [ENVIRONMENT SCRATCH] runs $text as a script that ends at its first error, with
# the variables of the file ENVIRONMENT and a directory for temporary files. It does not
# return. The time limit ends commands that wait forever, with what they have started.
#
# The text is passed in the environment, since everybody can read arguments. Variables of
# the file may have any name. So the shell that reads them has none of ours: it keeps
# what it needs in its positional parameters.
run_text() {
	export SLIPWAY_TEXT="$text"
	exec timeout --kill-after=5 600 sh -c '
		set -- "$SLIPWAY_TEXT" "$@"
		unset SLIPWAY_TEXT
		[ -z "${2-}" ] || . "$2" || exit
		if [ -n "${3-}" ]; then
			# The release is read-only: its scripts must write elsewhere.
			: "${RELEASE_TMP:=$3}" "${RELEASE_MUTABLE_DIR:=$3}" "${RELX_OUT_FILE_PATH:=$3}"
			export RELEASE_TMP RELEASE_MUTABLE_DIR RELX_OUT_FILE_PATH
		fi
		set -e
		eval "set --
$1"' sh "$@" 3>&-
}
