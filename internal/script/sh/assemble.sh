# Libraries: buildroot input toolenv answers state inventory elf
# Assembles the release into an empty tree and describes it.
# Takes: token, app (ORG/APP), id, dir, mix_env, deps_path, build_path, kind (mix,
# distillery or rebar), release (its name), named (the same if mix.exs defines it, else
# empty), key (of the state), commands (a digest of those of before-release), remembered
# (yes: the answers of mix.exs are those of an earlier build).
# Input: the build's variables, the commands of before-release.
main() {
	enter_project
	take_input
	mark_build
	use_tools
	export MIX_ENV="$mix_env"
	name_commit
	tree=$root/$app/artifacts/$id.part/tree
	[ -z "$before" ] || run_before
	"by_$kind"
	describe
	[ "$kind" = rebar ] || keep_state
}

# run_before runs the commands in a shell of their own. It ends at the first error
# and sees none of this script's variables.
run_before() {
	(export SLIPWAY_COMMANDS="$before" && with_env sh -ec 'slipway_commands=$SLIPWAY_COMMANDS; unset SLIPWAY_COMMANDS; eval "$slipway_commands"') ||
		spoiled "a command of before-release failed: see the lines above"
}

by_mix() {
	mix_and_ask release ${named:+"$named"} --quiet --overwrite --path "$tree" || spoiled "mix release failed: see the lines above"
	check_answers
}

# check_answers compares the answers of the VM that made the release with those that were
# remembered. mix.exs may well answer otherwise each time, and then nothing is remembered.
check_answers() {
	[ -f "$root/$app/answers" ] && ! asks_each_time || return 0
	tail -n +2 "$root/$app/answers" | cmp -s - "$scratch/project" && return
	[ "$remembered" = yes ] || { forget && return; }
	fact other_answers yes
	ask_each_time
	drop_own
	keep_state yes
	die "mix.exs, the configuration or the tools answer otherwise than in the build before"
}

# by_distillery takes the release from Distillery's tarball: its tree also gathers
# files of older releases. Distillery's task was named "release" until mix got a task
# of that name in Elixir 1.9.
by_distillery() {
	task=distillery.release
	with_env mix help "$task" >/dev/null 2>&1 || task=release
	if [ "$task" = release ] && at_least "$(elixir -e 'IO.write(System.version())')" 1.9; then
		spoiled "this project's Distillery has no 'mix distillery.release', and in Elixir 1.9 'mix release' is mix's own: update Distillery to 2.1, or define releases in mix.exs"
	fi
	with_env mix "$task" "--name=$release" || spoiled "mix $task failed: see the lines above"
	tarball=$(ls "$checkout/$build_path"/*/"rel/$release/releases"/*/"$release.tar.gz" 2>/dev/null)
	[ -f "$tarball" ] || spoiled "mix $task has left $(printf '%s' "$tarball" | grep -c .) tarballs of $release in rel/$release/releases, not one; with dev_mode it makes none"
	mkdir "$tree" && tar -xzf "$tarball" -C "$tree" || failed "cannot unpack $tarball"
}

# by_rebar moves the release, which has no link to where it was made.
by_rebar() {
	TERM=dumb with_env rebar3 as "$mix_env" release --relname "$release" || failed "rebar3 release failed: see the lines above"
	made=$PWD/_build/$mix_env/rel/$release
	[ -d "$made" ] || die "rebar3 has made no $made: leave base_dir and output_dir as they are"
	[ -z "$(find "$made/lib" -maxdepth 1 -type l)" ] || die "the release has links to its sources in place of applications: set {mode, prod} or {dev_mode, false} in relx of the profile $mix_env"
	mv -T "$made" "$tree" || failed "cannot move $made"
}

describe() {
	# shellcheck disable=SC2012 # for people
	[ -x "$tree/bin/$release" ] || spoiled "the release has no bin/$release: it holds $(ls "$tree/bin" | tr '\n' ' ')"
	start_erl=$(cat "$tree/releases/start_erl.data") || spoiled "the release has no releases/start_erl.data"
	erts=${start_erl% *}
	version=${start_erl#* }
	[ -d "$tree/erts-$erts" ] || spoiled "the release has no ERTS: set $(where_erts)"
	# A project that also makes a tarball leaves it inside the tree.
	[ "$kind" != mix ] || rm -f "$tree/$release-$version.tar.gz"
	fact erts "$erts"
	fact version "$version"
	let_group_read
	listing "$tree" | sort | sed 's/^/listing=/' >&3
	checksums "$tree" >"$scratch/checksums" || failed "cannot read all files of $tree: see the lines above"
	sed 's/^/checksum=/' "$scratch/checksums" >&3
	describe_elf "$tree" "$scratch" "$root/$app/elf"
	sed 's/^/library=/' "$scratch/libraries" >&3
}

where_erts() {
	case $kind in
	mix) echo "'include_erts: true' in mix.exs" ;;
	distillery) echo "'include_erts: true' in rel/config.exs" ;;
	rebar) echo "{include_erts, true} in relx of the profile $mix_env in rebar.config" ;;
	esac
}

# let_group_read lets the group of each file read and run what its owner can: on a host the
# owner is the user that deploys, and the application is in the group. Packages have files
# for their owner alone.
let_group_read() {
	find "$tree" -type f '(' -perm -u=r ! -perm -g=r -o -perm -u=x ! -perm -g=x ')' -print -exec chmod g+rX -- {} + >"$scratch/opened" || failed "cannot change the modes of files in $tree: see the lines above"
	[ ! -s "$scratch/opened" ] || echo "the application can read or run what only the owner could: files: $(grep -c . "$scratch/opened"), such as $(head -n 1 "$scratch/opened" | sed "s|^$tree/||")"
}
