# Writes down what the ELF files of a tree need from the machine that runs
# them; see libraries.go in internal/release.

# check_readelf TREE comes before libraries: a function that dies in a pipeline
# ends its own subshell only.
check_readelf() {
	[ -z "$(elf_files "$1")" ] || readelf --version >/dev/null 2>&1 ||
		die "readelf is not installed on the build host: install binutils, so that hosts can be checked for the libraries that the release needs"
}

# libraries TREE prints a line for each need, its parts separated by tabs:
#
#	n SONAME PATH           a shared library
#	v VERSION SONAME PATH   a version of its symbols, e.g. GLIBC_2.34
#
# A static program has no lines, and neither has a damaged file: readelf cannot
# say what it needs, and data of an application may well be such a file.
#
# readelf runs once for each ELF file, of which a release has a few dozen: given
# several, it prints no versions after a damaged one (binutils 2.40).
libraries() {
	(
		cd "$1" && export LC_ALL=C || exit
		elf_files . | while IFS= read -r file; do
			printf 'in %s\n' "${file#./}"
			readelf --wide --dynamic --version-info "$file" </dev/null 2>/dev/null
		done | awk '
			# Other names than plain ones are in damaged files only.
			function need(line) { if (line ~ /^[nv](\t[A-Za-z0-9_.\/][A-Za-z0-9_.+:@\/-]*)+$/) print line "\t" file }
			/^in / { file = substr($0, 4) }
			/\(NEEDED\) +Shared library: \[.*\]$/ { sub(/^[^[]*\[/, ""); sub(/\]$/, ""); need("n\t" $0) }
			/^ +[0-9a-fx]+: +Version: .* File: / { library = $5 }
			# The loader does not insist on a weak one.
			/^ +[0-9a-fx]+: +Name: .* Flags: / && !/WEAK/ { need("v\t" $3 "\t" library) }'
	)
}

# elf_files TREE prints the names of the files that begin as ELF files do. head
# writes "==> NAME <==" above each file's first bytes. A name with a line break
# or a tab is left out: such a release is refused for its inventory.
elf_files() {
	(
		cd "$1" && export LC_ALL=C || exit
		find . -type f ! -path '*[[:cntrl:]]*' -print0 | sort -z | xargs -0 -r head -v -c 4 |
			sed -n "/^==> .* <==\$/h; /^$(printf '\177ELF')\$/{ x; s/^==> //; s/ <==\$//; p; }"
	)
}
