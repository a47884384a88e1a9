# How git reaches repositories: with the credentials that came as input, and
# with pinned host keys.

git_access() {
	export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=ssh:https GIT_SSH_VARIANT=ssh
	export SLIPWAY_SCRATCH="$scratch" SLIPWAY_FORWARD_AGENT="$forward_agent" GIT_SSH_COMMAND='sh "$SLIPWAY_SCRATCH/ssh"'
	write_ssh >"$scratch/ssh" || failed "cannot write $scratch/ssh"
	[ -z "$agent" ] || export SSH_AUTH_SOCK="$agent"
	[ -z "$git_token" ] || use_token
}

# The token goes to its own server alone, through git's environment. An empty
# helper first: what the user's git would store it with is not asked.
use_token() {
	at_least "$(git --version | awk '{ print $3 }')" 2.31 || die "git on the build server is older than 2.31, which git-token needs: update it, or use deploy-keys"
	export SLIPWAY_GIT_TOKEN="$git_token" GIT_CONFIG_COUNT=2
	export GIT_CONFIG_KEY_0="credential.https://$token_host.helper" GIT_CONFIG_VALUE_0=
	export GIT_CONFIG_KEY_1="credential.https://$token_host.helper"
	export GIT_CONFIG_VALUE_1='!token() { [ "$1" != get ] || printf "username=x-access-token\npassword=%s\n" "$SLIPWAY_GIT_TOKEN"; }; token'
}

# git calls this in place of ssh, as "ssh [-p PORT] [-o ...] [USER@]HOST COMMAND".
write_ssh() {
	cat <<'SSH'
host= port=22 command= takes=
for arg; do
	case $takes in
	port) port=$arg takes= ;;
	option) takes= ;;
	*)
		if [ -n "$host" ]; then
			command=$arg
		else
			case $arg in
			-p) takes=port ;;
			-o) takes=option ;;
			-*) ;;
			*) host=${arg#*@} ;;
			esac
		fi ;;
	esac
done
# git-upload-pack 'apxr/apxr_io.git', or git-lfs-authenticate apxr/apxr_io.git download
path=${command#* }
case $path in
\'*) path=${path#\'} path=${path%%\'*} ;;
*) path=${path%% *} ;;
esac
path=${path#/} path=${path%/} path=${path%.git}

key=
while read -r file repository; do
	[ "$repository" != "$host:$port/$path" ] || key=$SLIPWAY_SCRATCH/$file
done <"$SLIPWAY_SCRATCH/identities"
if [ -n "$key" ]; then
	set -- -o IdentitiesOnly=yes -o "IdentityFile=\"$key\"" "$@"
elif [ -z "$SLIPWAY_FORWARD_AGENT" ]; then
	set -- -o IdentityAgent=none "$@"
fi
name=$host
[ "$port" = 22 ] || name="[$host]:$port"
if ssh-keygen -F "$name" -f "$SLIPWAY_SCRATCH/known_hosts" >/dev/null 2>&1; then
	set -- -o "UserKnownHostsFile=\"$SLIPWAY_SCRATCH/known_hosts\"" -o GlobalKnownHostsFile=/dev/null "$@"
fi
exec ssh -o BatchMode=yes -o StrictHostKeyChecking=yes "$@"
SSH
}

# mirror fetches a repository into its mirror, and names it in git_dir.
# Takes the URL, and what has to be in it: a full commit ID or the name of a branch or tag.
mirror() {
	sum=$(printf '%s' "$1" | sha256sum | cut -c1-12)
	name=$(basename "${1##*:}" .git | tr -c 'A-Za-z0-9_.\n-' _)
	git_dir=$root/mirrors/$name-$sum.git
	command exec 8>>"$git_dir.lock" || failed "cannot write $git_dir.lock"
	flock -w 600 8 || die "another build has been fetching $1 for 600 s"
	git init --quiet --bare "$git_dir" || failed "cannot create the mirror $git_dir"
	if ! is_commit "$2" || ! has_commit "$2"; then
		fetch "$1" '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*'
	fi
	# A commit of a pull request or of a branch that is gone is on no branch.
	! is_commit "$2" || has_commit "$2" || git --git-dir="$git_dir" fetch --quiet -- "$1" "$2" 8>&- 3>&-
	exec 8>&-
}

is_commit() { printf '%s\n' "$1" | grep -qE '^([0-9a-f]{40}|[0-9a-f]{64})$'; }
has_commit() { git --git-dir="$git_dir" cat-file -e "$1^{commit}" 2>/dev/null; }

fetch() {
	url=$1
	shift
	said=$(git --git-dir="$git_dir" fetch --prune --no-auto-gc -- "$url" "$@" 2>&1 8>&- 3>&-) && return
	printf '%s\n' "$said"
	case $said in
	*"Host key verification failed"*) die "the host key of the server of $url is not pinned: give its lines of known_hosts as git-known-hosts" ;;
	*"could not read Username"* | *"terminal prompts disabled"*) die "$url wants credentials: give a git-token, or use the SSH URL with deploy-keys" ;;
	*"Permission denied"* | *"uthentication failed"* | *" 403"*) die "$url may not be read with these credentials: see git-token and deploy-keys, or give the build server's user $(id -un) a key of its own" ;;
	*"not found"* | *"does not exist"* | *"does not appear to be a git repository"*) die "there is no repository $url, or it may not be read with these credentials (servers answer both in the same way)" ;;
	esac
	failed "cannot fetch $url: $(printf '%s\n' "$said" | grep -v '^$' | tail -n 1)"
}
