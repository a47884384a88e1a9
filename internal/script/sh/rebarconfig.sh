# Asks a project of rebar3 what it defines.

# ask_rebar reports the version of OTP, and what rebar.config defines.
# shellcheck disable=SC2154 # the scripts that call this take mix_env
ask_rebar() {
	export SLIPWAY_ANSWER="$scratch/project"
	with_env erl -noshell -eval "$ask_rebar_config" || {
		[ -s "$SLIPWAY_ANSWER" ] || die "Erlang does not start: see the lines above"
		cat "$SLIPWAY_ANSWER" >&3
		die "rebar.config cannot be read: see the lines above"
	}
	grep -E '^(have|release|error)=' "$SLIPWAY_ANSWER" >&3
	! grep -q '^error=' "$SLIPWAY_ANSWER" || exit 1
	fact tool rebar3
	base=$(realpath --relative-to="$checkout" .)
	base=${base#.}
	base=${base:+$base/}
	fact path_lock "${base}rebar.lock"
	fact path_deps "${base}_build/default/lib"
	fact path_build "${base}_build"
	if [ -f rebar.lock ]; then
		fact sha256_lock "$(sha256sum <rebar.lock | cut -c1-64)"
	elif grep -qx 'fetches=yes' "$SLIPWAY_ANSWER"; then
		die "the commit has dependencies and no rebar.lock: commit the one that 'rebar3 lock' makes, and build that commit"
	fi
}

# A release is {release, {Name, Version}, ...} among the terms of relx.
ask_rebar_config='
	Answer = fun(Lines) -> ok = file:write_file(os:getenv("SLIPWAY_ANSWER"), Lines, [append]) end,
	Root = code:root_dir(),
	Major = erlang:system_info(otp_release),
	Otp = case file:read_file(filename:join([Root, "releases", Major, "OTP_VERSION"])) of
		{ok, Text} -> string:trim(Text);
		{error, _} -> Major
	end,
	Answer(["have=erlang ", Otp, "\n"]),
	try
		{ok, Static} = file:consult("rebar.config"),
		Script = "rebar.config.script",
		Config = case filelib:is_regular(Script) of
			true -> {ok, Made} = file:script(Script, [{list_to_atom("CONFIG"), Static}, {list_to_atom("SCRIPT"), Script}]), Made;
			false -> Static
		end,
		Profile = list_to_atom(os:getenv("MIX_ENV")),
		Profiles = proplists:get_value(profiles, Config, []),
		Own = proplists:get_value(Profile, Profiles, []),
		Relx = proplists:get_value(relx, Own, []) ++ proplists:get_value(relx, Config, []),
		Releases = lists:usort([element(1, element(2, R)) || R <- Relx, is_tuple(R), tuple_size(R) > 2, element(1, R) =:= release]),
		Answer([["release=", atom_to_list(R), "\n"] || R <- Releases]),
		case proplists:get_value(deps, Config, []) of [] -> ok; _ -> Answer("fetches=yes\n") end,
		case proplists:get_value(deps, Own, []) of
			[] -> ok;
			_ -> Answer(["error=rebar.config has dependencies in the profile ", atom_to_list(Profile), ", which rebar3 does not lock: move them to the deps of all profiles\n"])
		end,
		halt(0)
	catch _:Why ->
		io:format(standard_error, "~ts~n", [case Why of
			{badmatch, {error, Problem}} -> file:format_error(Problem);
			_ -> io_lib:format("~tp", [Why])
		end]),
		halt(1)
	end.'
