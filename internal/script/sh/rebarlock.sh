# Fetches what a project of rebar3 locks. rebar3 locks the dependencies of the default
# profile alone, and never its plugins. Nothing is kept for the next build: rebar3 compiles
# a project of the usual size in seconds.

# fetch_by_rebar fetches the locked dependencies, and those of the build alone: plugins.
fetch_by_rebar() {
	cp rebar.lock "$scratch/rebar.lock" 2>/dev/null || echo '[].' >"$scratch/rebar.lock"
	(
		export TERM=dumb
		git_access && with_env rebar3 lock && with_env rebar3 as "$mix_env" get-deps
	) || failed "rebar3 cannot fetch the dependencies: see the lines above"
	[ -f rebar.lock ] || return 0
	with_env erl -noshell -eval "$compare_rebar_locks" -extra "$scratch/rebar.lock" rebar.lock && return
	die "rebar.lock does not have all dependencies as rebar.config names them (see the lines above): run 'rebar3 lock', commit rebar.lock, and build that commit"
}

# A lock is {Version, Dependencies} or Dependencies; rebar3 may write it in another form
# than that of the commit. The first one must have all of the second one.
compare_rebar_locks='
	Read = fun(File) ->
		case file:consult(File) of
			{ok, [{_, Locks} | _]} -> Locks;
			{ok, [Locks | _]} -> Locks
		end
	end,
	Sources = fun(File) -> [{Name, Source} || {Name, Source, _} <- Read(File)] end,
	[Committed, Made] = [Sources(File) || File <- init:get_plain_arguments()],
	case Made -- Committed of
		[] -> halt(0);
		Other -> [io:format(standard_error, "not in rebar.lock: ~tp~n", [O]) || O <- Other], halt(1)
	end.'
