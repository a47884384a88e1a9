# receive reads the one text that comes as input into $text: commands, or an
# environment. They are too free for an argument list, and may be secret.
receive() {
	ready
	IFS=' ' read -r word encoded mark || die "the connection ended before everything had come"
	[ "$word $mark" = "text end" ] || die "the connection ended before everything had come"
	exec </dev/null
	decode "${encoded#.}"
	text=$decoded
}

# run_text runs $text as a script that ends at its first error, and does not
# return. It gets the text by its environment, since everybody can read
# arguments. The time limit is for commands that wait for something that never
# comes; timeout also ends all that the commands have started.
run_text() {
	export SLIPWAY_TEXT="$text"
	exec timeout --kill-after=5 600 sh -ec '
		slipway_text=$SLIPWAY_TEXT
		unset SLIPWAY_TEXT
		eval "$slipway_text"' 3>&-
}
