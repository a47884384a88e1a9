# verify TREE MANIFEST DIGEST [FILES] compares a tree with its manifest, entry by entry and
# byte by byte. If there is a digest, the manifest must have it. Differences go to the
# log. With FILES, it first makes the manifest: of step=whole FILE, or of step=base FILE
# and step=patch FILE.
verify() {
	[ $# -gt 3 ] || set -- "$1" "$2" "$3" step=manifest "$2"
	sums=$(listing "$1" | expected "$@") || return 1
	{
		[ -z "$3" ] || printf '%s  %s\n' "$3" "$2"
		[ -z "$sums" ] || printf '%s\n' "$sums"
	} | (cd "$1" && sha256sum --check --quiet --strict)
}

# expected TREE MANIFEST DIGEST FILES compares the listing that comes as input with the
# manifest, and prints the list for sha256sum. FILES say where the manifest is, as
# operands of awk.
#
# It reads the manifest as release.Manifest.JSON writes it: each value is on a line of its
# own, and the indentation tells whose value it is. See patch.go there for the steps of a
# patch.
expected() {
	manifest=$2
	shift 3
	# awk would change backslashes in an assignment among its arguments.
	SLIPWAY_MANIFEST=$manifest awk '
		function differs(what) {
			if (++differences <= 20) print what >"/dev/stderr"
		}

		# text and number return the value on a line.
		function text(line) {
			sub(/^ *"[a-z0-9_]*": "/, "", line)
			sub(/",?$/, "", line)
			if (index(line, "\\")) {
				gsub(/\\u003c/, "<", line)
				gsub(/\\u003e/, ">", line)
				gsub(/\\u0026/, "\\&", line)
				gsub(/\\u2028/, "\342\200\250", line)
				gsub(/\\u2029/, "\342\200\251", line)
				gsub(/\\"/, "\"", line)
			}
			return line
		}
		function number(line) {
			sub(/^ *"[a-z0-9_]*": /, "", line)
			sub(/,$/, "", line)
			return line
		}

		# on_host returns a mode as find prints it, without the bits of the umask 027.
		function on_host(mode, group) {
			group = int(mode / 8) % 8
			if (int(group / 2) % 2) group -= 2
			return int(mode / 64) % 8 * 100 + group * 10
		}

		# take takes a line of the manifest.
		function take(line) {
			if (made) print line >manifest
			last = line
			if (line == " \"files\": [") files = 1
			else if (line == " ]" || line == " ],") { whole = files; files = 0 }
			else if (!files) return
			else if (line == "  {") { path = kind = target = sum = ""; mode = size = 0 }
			else if (line ~ /^   "path": "/) path = text(line)
			else if (line ~ /^   "kind": "/) kind = text(line)
			else if (line ~ /^   "mode": /) mode = number(line)
			else if (line ~ /^   "size": /) size = number(line)
			else if (line ~ /^   "sha256": "/) sum = text(line)
			else if (line ~ /^   "target": "/) target = text(line)
			else if (line == "  }" || line == "  },") entry()
		}
		function entry() {
			if (kind == "dir") wanted["d\t" path] = 1
			else if (kind == "link") wanted["l\t" target "\t" path] = 1
			else {
				wanted["f\t" on_host(mode) "\t" size "\t" path] = 1
				sums[++count] = sum "  ./" path
			}
		}

		BEGIN { manifest = ENVIRON["SLIPWAY_MANIFEST"] }
		step == "manifest" { take($0); next }
		step == "whole" { made = 1; take($0); next }
		step == "base" { base[++lines] = $0; next }
		step == "patch" {
			made = 1
			rest = substr($0, 2)
			if (/^\+/) take(rest)
			else if (/^-/) at += rest
			else for (left = rest + 0; left > 0 && at >= 0 && at < lines; left--) take(base[++at])
			next
		}
		$0 in wanted { delete wanted[$0]; next }
		{ differs("found:    " $0) }

		END {
			if (made) close(manifest)
			if (!whole || last != "}") differs("the manifest is not complete")
			for (entry_wanted in wanted) differs("expected: " entry_wanted)
			if (differences > 20) print "and " differences - 20 " more differences" >"/dev/stderr"
			if (differences) exit 1
			for (i = 1; i <= count; i++) print sums[i]
		}' "$@" step=tree -
}
