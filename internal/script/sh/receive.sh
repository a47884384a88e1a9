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

# run_text runs $text as a script that ends at its first error. It does not return.
# The text is passed in the environment, since everybody can read arguments. The time
# limit ends commands that wait forever, with everything that they have started.
run_text() {
	export SLIPWAY_TEXT="$text"
	exec timeout --kill-after=5 600 sh -ec '
		slipway_text=$SLIPWAY_TEXT
		unset SLIPWAY_TEXT
		eval "$slipway_text"' 3>&-
}
