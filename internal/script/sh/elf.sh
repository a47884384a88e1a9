# Lists what the ELF files of a tree need from the machine that runs them; see
# libraries.go in internal/release.

# check_readelf TREE must be called before libraries: in a pipeline, die would end
# only a subshell.
check_readelf() {
	[ -z "$(elf_files "$1")" ] || readelf --version >/dev/null 2>&1 ||
		die "readelf is not installed on the build host: install binutils, so that hosts can be checked for the libraries that the release needs"
}

# libraries TREE prints a line for each need, its parts separated by tabs:
#
#	n SONAME PATH           a shared library
#	v VERSION SONAME PATH   a version of its symbols, e.g. GLIBC_2.34
#
# A static program has no lines. Neither has a damaged file: readelf cannot tell what
# it needs, and an application's data may well contain such a file.
#
# readelf runs once for each ELF file, and a release has a few dozen. Given several
# files, it prints no versions after a damaged one (binutils 2.40).
libraries() {
	(
		# shellcheck disable=SC2030,SC2031 # each subshell sets it for itself
		cd "$1" && export LC_ALL=C || exit
		elf_files . | while IFS= read -r file; do
			printf 'in %s\n' "${file#./}"
			readelf --wide --dynamic --version-info "$file" </dev/null 2>/dev/null
		done | awk '
			# Only damaged files have names with other characters.
			function need(line) { if (line ~ /^[nv](\t[A-Za-z0-9_.\/][A-Za-z0-9_.+:@\/-]*)+$/) print line "\t" file }
			/^in / { file = substr($0, 4) }
			/\(NEEDED\) +Shared library: \[.*\]$/ { sub(/^[^[]*\[/, ""); sub(/\]$/, ""); need("n\t" $0) }
			/^ +[0-9a-fx]+: +Version: .* File: / { library = $5 }
			# The loader does not require a weak version.
			/^ +[0-9a-fx]+: +Name: .* Flags: / && !/WEAK/ { need("v\t" $3 "\t" library) }'
	)
}

# elf_files TREE prints the names of the files that begin like ELF files. head prints
# "==> NAME <==" above the first bytes of each file. Names with a line break or a tab
# are left out: a release with such names is refused for its inventory.
elf_files() {
	(
		# shellcheck disable=SC2030,SC2031 # each subshell sets it for itself
		cd "$1" && export LC_ALL=C || exit
		find . -type f ! -path '*[[:cntrl:]]*' -print0 | sort -z | xargs -0 -r head -v -c 4 |
			sed -n "/^==> .* <==\$/h; /^$(printf '\177ELF')\$/{ x; s/^==> //; s/ <==\$//; p; }"
	)
}
