# Lists what the ELF files of a tree need from the machine that runs them; see
# libraries.go in internal/release.

# describe_elf TREE WORK NEEDS writes WORK/libraries: a line for each need, its parts
# separated by tabs:
#
#	m MACHINE PATH          the kind of machine that the file is for
#	n SONAME PATH           a shared library
#	v VERSION SONAME PATH   a version of its symbols, e.g. GLIBC_2.34
#
# A damaged file has no lines: readelf cannot tell what it needs, and an application's data
# may well contain such a file.
#
# WORK/checksums has the tree's checksums. NEEDS is what the last call wrote: the same
# lines with the SHA-256 in front and without the path, and a line of the SHA-256 alone
# for each file. A file whose contents are in there is not read again.
describe_elf() {
	elf_files "$1" >"$2/elf"
	[ -f "$3" ] || : >"$3" || failed "cannot write $3"
	awk -v unknown="$2/unknown" "$recall" pass=1 "$3" pass=2 "$2/checksums" pass=3 "$2/elf" >"$2/libraries" || failed "cannot write $2/libraries"
	if [ -f "$2/unknown" ]; then
		check_readelf
		ask_readelf "$1" <"$2/unknown" >>"$2/libraries"
	fi
	awk "$learn" pass=1 "$2/checksums" pass=2 "$2/elf" pass=3 "$2/libraries" >"$3.new" && mv -T "$3.new" "$3" || failed "cannot write $3"
}

check_readelf() {
	readelf --version >/dev/null 2>&1 ||
		die "readelf is not installed on the build host: install binutils, so that hosts can be checked for the libraries that the release needs"
}

# recall prints the needs of files with known contents, and writes the names of the other
# ones to the file that its variable unknown names. A line of sha256sum begins with a
# backslash if it has the name in another form.
# shellcheck disable=SC2016 # awk's variables
recall='BEGIN { FS = "\t" }
	pass == 1 { known[$1]; if (NF > 1) needs[$1] = needs[$1] substr($0, 66) "\n" }
	pass == 2 && /^[0-9a-f]/ { sum[substr($0, 67)] = substr($0, 1, 64) }
	pass == 3 && !(sum[$0] in known) { print >unknown }
	pass == 3 && sum[$0] in known {
		count = split(needs[sum[$0]], lines, "\n")
		for (i = 1; i < count; i++) print lines[i] "\t" $0
	}'

# learn prints what the next build recalls.
# shellcheck disable=SC2016 # awk's variables
learn='BEGIN { FS = "\t" }
	function once(line) { if (!(line in told)) print line; told[line] }
	pass == 1 && /^[0-9a-f]/ { sum[substr($0, 67)] = substr($0, 1, 64) }
	pass == 2 && $0 in sum { once(sum[$0]) }
	pass == 3 && $NF in sum { once(sum[$NF] "\t" substr($0, 1, length($0) - length($NF) - 1)) }'

# ask_readelf TREE takes the names of files. readelf runs once for each. Given several
# files, it prints no versions after a damaged one (binutils 2.40).
ask_readelf() {
	(
		# shellcheck disable=SC2030,SC2031 # each subshell sets it for itself
		cd "$1" && export LC_ALL=C || exit
		while IFS= read -r file; do
			printf 'in %s\n' "$file"
			readelf --wide --file-header --dynamic --version-info "./$file" </dev/null 2>/dev/null
		done | awk '
			# Only damaged files have names with other characters.
			function need(line) { if (line ~ /^[mnv](\t[A-Za-z0-9_.\/][A-Za-z0-9_.+:@\/-]*)+$/) print line "\t" file }
			function value(line) { sub(/^[^:]*: +/, "", line); gsub(/[^A-Za-z0-9.-]/, "_", line); return line }
			/^in / { file = substr($0, 4); class = bytes = "" }
			/^  Class: / { class = value($0) }
			/^  Data: / { bytes = /big/ ? "big" : "little" }
			/^  Machine: / { need("m\t" class "/" bytes "/" value($0)) }
			/\(NEEDED\) +Shared library: \[.*\]$/ { sub(/^[^[]*\[/, ""); sub(/\]$/, ""); need("n\t" $0) }
			/^ +[0-9a-fx]+: +Version: .* File: / { library = $5 }
			# The loader does not require a weak version.
			/^ +[0-9a-fx]+: +Name: .* Flags: / && !/WEAK/ { need("v\t" $3 "\t" library) }'
	)
}

# elf_files TREE prints the names of the files that begin like ELF files. head prints
# "==> NAME <==" above the first bytes of each file, and no line break after those of the
# last one, though another head may follow. Names with a line break or a tab
# are left out: a release with such names is refused for its inventory.
elf_files() {
	(
		# shellcheck disable=SC2030,SC2031 # each subshell sets it for itself
		cd "$1" && export LC_ALL=C || exit
		find . -type f ! -path '*[[:cntrl:]]*' -print0 | sort -z | xargs -0 -r sh -c 'head -v -c 4 -- "$@"; echo' sh |
			sed -n "/^==> .* <==\$/h; /^$(printf '\177ELF')\$/{ x; s/^==> \.\///; s/ <==\$//; p; }"
	)
}
