# Says which tools this machine builds with, and which ones the project wants.
# Takes: app (ORG/APP).
main() {
	cd "$root/$app/checkout" || die "there is no checkout of $app"
	[ -f mix.exs ] || die "the repository has no mix.exs at its top"
	fact os "$(uname -s)"
	fact arch "$(uname -m)"
	fact libc "$(getconf GNU_LIBC_VERSION)"
	command -v mix >/dev/null || die "mix is not on the PATH of $(id -un): install Elixir on the build host"
	command -v erl >/dev/null || die "erl is not on the PATH of $(id -un): install Erlang on the build host"
	fact otp "$(erl -noshell -eval "$otp_version" -s init stop 3>&-)"
	fact elixir "$(elixir --short-version 3>&-)"
	command -v node >/dev/null && fact node "$(node --version 3>&- | sed 's/^v//')"
	[ ! -f .tool-versions ] || awk '{ sub(/#.*/, "") } NF { print "want=" $0 }' .tool-versions >&3
}

# The full version stands in a file; system_info has the major one only.
otp_version='
  Major = erlang:system_info(otp_release),
  File = filename:join([code:root_dir(), "releases", Major, "OTP_VERSION"]),
  case file:read_file(File) of
    {ok, Version} -> io:put_chars(string:trim(Version));
    {error, _} -> io:put_chars(Major)
  end.'
