# Asks mise what its own files pin, or says what to do if there is no mise.

# mise_files prints the configuration files of mise that name tools.
mise_files() {
	while IFS= read -r place; do
		for file in "$place"/.config/mise/conf.d/*.toml "$place"/.config/mise/config.toml "$place"/.config/mise/mise.toml \
			"$place"/.config/mise.toml "$place"/.mise/conf.d/*.toml "$place"/.mise/config.toml "$place"/mise/config.toml \
			"$place"/.rtx.toml "$place"/mise.toml "$place"/.mise.toml "$place"/.config/mise/config.local.toml \
			"$place"/.config/mise/mise.local.toml "$place"/.config/mise.local.toml "$place"/.mise/config.local.toml \
			"$place"/mise/config.local.toml "$place"/.rtx.local.toml "$place"/mise.local.toml "$place"/.mise.local.toml; do
			[ ! -f "$file" ] || ! grep -qE '^[[:space:]]*(\[[[:space:]]*"?tools"?[].[:space:]]|"?tools"?[[:space:]]*[.=])' "$file" || printf '%s\n' "${file#"$top"/}"
		done
	done <<PLACES
$places
PLACES
}

# unread_files prints what to do about the configuration of a manager that is not there.
unread_files() {
	[ "$manager" != mise ] || return 0
	[ -z "$with_mise" ] || printf '%s\n' "$with_mise" | while IFS= read -r file; do
		says_the_same "$top/$file" || echo "$file pins tools for mise, which is not on the build server: install mise there, or pin the tools in .tool-versions instead"
	done
}

# says_the_same FILE tests whether each tool of a file of mise is pinned to the same
# version in the files that were read.
says_the_same() {
	PINS=$pins awk '
		function common(tool) { return tool == "node" ? "nodejs" : tool == "go" ? "golang" : tool }
		BEGIN {
			for (n = split(ENVIRON["PINS"], lines, "\n"); n > 0; n--) {
				split(lines[n], word, " ")
				pin[common(word[1])] = word[2]
			}
		}
		{ sub(/\r$/, ""); sub(/[[:space:]]*#.*/, "") }
		!NF { next }
		/^[[:space:]]*\[/ {
			tools = /^[[:space:]]*\[tools\][[:space:]]*$/
			if (!tools && /tools/) differs = 1
			next
		}
		!tools { if (/^[[:space:]]*"?tools"?[[:space:]]*[.=]/) differs = 1; next }
		{
			gsub(/[[:space:]"\047]/, "")
			split($0, pair, "=")
			if (pair[1] == "" || pin[common(pair[1])] != pair[2]) differs = 1
		}
		END { exit differs }' "$1"
}

# ask_mise prints the pins that mise takes from its own files in the repository. Those in
# .tool-versions are left out: pins_in_files finds the same ones, with their lines.
ask_mise() {
	answer=$(trusting ls --current --json </dev/null 3>&-) ||
		die "mise cannot say what the project pins (see the lines above): its files are $(printf '%s' "$with_mise" | tr '\n' ' ')"
	printf '%s\n' "$answer" | awk -v top="$(cd "$checkout" && pwd -P)" '
		function text() {
			s = $0
			sub(/^[^:]*: "/, "", s)
			sub(/",?$/, "", s)
			return s
		}
		/^  "/ { tool = $0; sub(/^  "/, "", tool); sub(/": \[$/, "", tool) }
		/^ *"requested_version": "/ { asked = text() }
		/^ *"path": "/ {
			path = text()
			if (index(path, top "/") != 1 || path ~ /\/\.tool-versions$/) next
			if (tool in all) asked = all[tool] "," asked
			else order[++tools] = tool
			all[tool] = asked
			from[tool] = substr(path, length(top) + 2)
		}
		END { for (n = 1; n <= tools; n++) print order[n], all[order[n]], order[n], from[order[n]] }'
}

# contradictions prints where a file of one tool and one of mise disagree: mise does not
# read the first one.
contradictions() {
	[ -n "$from_mise" ] || return 0
	printf '%s\nin files\n%s\n' "$from_mise" "$in_files" | awk '
		function common(tool) { return tool == "node" ? "nodejs" : tool == "go" ? "golang" : tool }
		function bare(version) { sub(/^v/, "", version); sub(/-otp-.*/, "", version); return version }
		function agree(a, b) {
			a = bare(a)
			b = bare(b)
			return a == b || index(a, b ".") == 1 || index(b, a ".") == 1 || a !~ /^[0-9]/ || b !~ /^[0-9]/
		}
		$0 == "in files" { read = 1; next }
		!read {
			said[common($1)] = $2
			place = $0
			sub(/^[^ ]* [^ ]* [^ ]* /, "", place)
			where[common($1)] = place
			next
		}
		$1 == "pin" { sub(/^pin [^ ]* [^ ]* [^ ]* /, "pin " $2 " " $3 " ") }
		{ place = $0; sub(/^[^ ]* [^ ]* [^ ]* /, "", place) }
		$1 == "problem" || place ~ /(^|\/)\.tool-versions:[0-9]+$/ || !($2 in said) { next }
		{
			n = split(said[$2], versions, ",")
			while (n > 0 && !agree($3, versions[n])) n--
			if (n == 0) print place " pins " $2 " " $3 ", and " where[$2] " " said[$2] ": make them agree"
		}'
}
