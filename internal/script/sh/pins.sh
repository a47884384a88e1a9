# Finds the versions that a project pins.
#
# For each tool, the nearest file that names it counts, from the project's directory up
# to the repository's top: asdf and mise do the same. In one directory, .tool-versions
# comes before the files that pin one tool alone. The configuration of mise is read by
# mise, which has its own order.

# find_pins sets pins to lines of TOOL VERSION REQUEST PLACE. REQUEST is what mise is asked
# for. PLACE is FILE or FILE:LINE. Further lines are what has to be compared with the tool
# on the PATH (heeded), and mistakes (problems).
find_pins() {
	top=$(cd "$checkout" && pwd)
	places=$(places)
	in_files=$(pins_in_files)
	with_mise=$(mise_files)
	pins='' heeded='' problems='' from_mise=''
	[ -n "$in_files$with_mise" ] || return 0
	[ -z "$with_mise" ] || [ "$manager" != mise ] || from_mise=$(ask_mise) || exit 1
	pins=$({ printf '%s\n' "$from_mise" && printf '%s\n' "$in_files" | sed -n 's/^pin //p'; } | first_of_each)
	heeded=$(printf '%s\n' "$in_files" | sed -n 's/^heed //p')
	problems=$(printf '%s\n' "$in_files" | sed -n 's/^problem //p' && unread_files && contradictions)
}

# places prints the project's directory and those above it.
places() {
	place=$PWD
	while :; do
		printf '%s\n' "$place"
		case $place in
		"$top"/*) place=${place%/*} ;;
		*) return ;;
		esac
	done
}

# pins_in_files prints lines that begin with pin, heed or problem.
pins_in_files() {
	set --
	while IFS= read -r place; do
		for name in .tool-versions .elixir-version .exenv-version .erlang-version .node-version .nvmrc; do
			[ ! -f "$place/$name" ] || set -- "$@" "$place/$name"
		done
	done <<PLACES
$places
PLACES
	[ $# -eq 0 ] || awk -v top="$top" -v manager="$manager" "$read_pins" "$@"
}

# Further versions in a line of .tool-versions are fallbacks: they are ignored, since
# they are not the pinned version.
read_pins='
	function common(tool) { return tool == "node" ? "nodejs" : tool == "go" ? "golang" : tool }
	function problem(text) { print "problem " at ":" FNR " " text }
	# agree compares what a file of one tool says with a pin of the same tool.
	function agree(loose, pin) {
		sub(/^v/, "", loose)
		sub(/-otp-.*/, "", loose)
		sub(/-otp-.*/, "", pin)
		return loose == pin || index(pin, loose ".") == 1 || loose !~ /^[0-9]/
	}
	function exact() { return manager == "asdf" ? "pin the exact version that \"asdf latest " tool filter "\" prints" : "pin an exact version" }
	function name_it() {
		if (tool version ~ /[^!-~]/) problem("is no line of a tool and its version: it has characters other than those of ASCII")
		else if (version == "") problem("names " tool " without a version: write the exact version after it")
		else if (version ~ /^latest(:|$)/ && (manager != "mise" || version ~ /:/)) {
			filter = version
			sub(/^latest:?/, filter == "latest" ? "" : " ", filter)
			problem("pins " tool " to " version (manager == "" ? ", which is no exact version: " : ", which " manager " does not take from a file: ") exact())
		} else if (version !~ /^[A-Za-z0-9]/) problem("pins " tool " to " version ", which is no version: pin an exact version")
		else return 1
	}
	# keep keeps the first pin of a tool: the files come in the order of their nearness.
	function keep() {
		key = common(tool)
		if (!(key in pin)) {
			pin[key] = name_it() ? version : ""
			file_of[key] = at
			dir_of[key] = dir
			line[key] = tool " " version " " tool "@" version " " at ":" FNR
			order[++pins] = key
		} else if (file_of[key] == at && pin[key] != version)
			problem("pins " tool " to " version ", and an earlier line to " pin[key] ": keep one of them")
	}
	# alone handles a file of one tool, of which the first line counts.
	function alone() {
		tool = file ~ /^\.(elixir|exenv)/ ? "elixir" : file ~ /^\.erlang/ ? "erlang" : "nodejs"
		version = $1
		if (tool in pin) {
			if (pin[tool] != "" && !agree(version, pin[tool]) && dir_of[tool] == dir)
				problem("pins " tool " " version ", and " file_of[tool] " " pin[tool] ": make them agree")
		} else if (tool != "nodejs") keep()
		else if (!(tool in heed)) {
			heed[tool] = version
			heed_dir[tool] = dir
			heed_line[tool] = tool " " version " " at ":" FNR
		}
	}
	FNR == 1 {
		sub(/^\357\273\277/, "")
		at = substr(FILENAME, length(top) + 2)
		file = at
		sub(/.*\//, "", file)
		dir = substr(at, 1, length(at) - length(file))
		gsub(/\t/, " ", at)
		done = 0
	}
	{ sub(/\r$/, ""); sub(/#.*/, "") }
	!NF { next }
	file != ".tool-versions" { if (!done++) alone(); next }
	{
		tool = $1
		version = $2
		sub(/:+$/, "", tool)
		keep()
	}
	END {
		for (n = 1; n <= pins; n++) if (pin[order[n]] != "") print "pin " line[order[n]]
		for (tool in heed) {
			if (!(tool in pin)) print "heed " heed_line[tool]
			else if (pin[tool] != "" && !agree(heed[tool], pin[tool])) {
				split(heed_line[tool], word, " ")
				print "problem " word[3] " pins " tool " " heed[tool] ", and " file_of[tool] " " pin[tool] ": make them agree"
			}
		}
	}'

# first_of_each prints the first line of each tool.
first_of_each() {
	awk 'NF { key = $1 == "node" ? "nodejs" : $1 == "go" ? "golang" : $1; if (!seen[key]++) print }'
}
