# Runs the scripts of one session. So a script costs one round trip, and its text is
# sent once. Each line of stdin is one of these:
#
#	text NAME TEXT              keep the text of the file NAME
#	texts gzip TEXT             keep several: TEXT is a compressed list of assignments
#	run MARK NAMES ARGUMENTS    run the files with these names, in a subshell
#	feed MARK NAMES ARGUMENTS   the same; the next line is the script's input
#	last MARK NAMES ARGUMENTS   run them here, then end; what follows is their input
#
# TEXT is in the form that printf %b decodes; NAMES are separated by commas. The caller
# makes a new MARK for each script. With "run" and "feed" it begins each fact and ends
# both streams, so nothing that an earlier script has left running can forge an answer.
serve() {
	while IFS=' ' read -r verb answer_mark words; do
		case $verb in
		text) keep_text "$answer_mark" "$words" ;;
		texts) unpack_texts ;;
		run)
			# shellcheck disable=SC2086 # encoded words
			(run_files $words) </dev/null
			end_marks $?
			;;
		feed)
			# shellcheck disable=SC2086 # encoded words
			(run_files $words)
			end_marks $?
			;;
		last)
			answer_mark=
			# shellcheck disable=SC2086 # encoded words
			run_files $words
			;;
		esac
	done
}

no_gzip=''
unpack_texts() {
	if command -v gzip >/dev/null; then
		eval "$(printf '%b' "$words" | gzip -dc)"
	else
		no_gzip=yes
	fi
}

keep_text() { eval "text_$1=\$(printf '%b' \"\$2\")"; }

run_files() {
	[ -z "$no_gzip" ] || die "gzip is not installed on this host: install it"
	names=$1
	shift
	while [ -n "$names" ]; do
		eval "eval \"\$text_${names%%,*}\""
		case $names in
		*,*) names=${names#*,} ;;
		*) names= ;;
		esac
	done
	start "$@"
	answered
}

end_marks() {
	printf '\n%sended=%s\n' "$answer_mark" "$1" >&3
	printf '\n%sended\n' "$answer_mark" >&2
}
