# Gives git access to repositories, with the credentials that came as input and with
# pinned host keys.

git_access() {
	export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=ssh:https GIT_SSH_VARIANT=ssh
	# A silent server must not hold up a mirror's lock forever.
	export GIT_HTTP_LOW_SPEED_LIMIT=1000 GIT_HTTP_LOW_SPEED_TIME=60
	export SLIPWAY_SCRATCH="$scratch" SLIPWAY_FORWARD_AGENT="$forward_agent" GIT_SSH_COMMAND='sh "$SLIPWAY_SCRATCH/ssh"'
	write_ssh >"$scratch/ssh" && write_authorities >"$scratch/authorities" &&
		sed '/^[[:space:]]*@cert-authority/d' "$scratch/known_hosts" >"$scratch/plain_hosts" || failed "cannot write $scratch/ssh"
	[ -z "$agent" ] || export SSH_AUTH_SOCK="$agent"
	[ -z "$git_token" ] || use_token
}

# use_token gives the token to its own server only, through git's environment. The
# empty helper comes first to drop the user's own helpers, which would store it.
use_token() {
	at_least "$(git --version | awk '{ print $3 }')" 2.31 || die "git on the build server is older than 2.31, which git-token needs: update it, or use deploy-keys"
	export SLIPWAY_GIT_TOKEN="$git_token" GIT_CONFIG_COUNT=2
	export GIT_CONFIG_KEY_0="credential.https://$token_host.helper" GIT_CONFIG_VALUE_0=
	export GIT_CONFIG_KEY_1="credential.https://$token_host.helper"
	export GIT_CONFIG_VALUE_1='!token() { [ "$1" != get ] || printf "username=x-access-token\npassword=%s\n" "$SLIPWAY_GIT_TOKEN"; }; token'
}

# write_ssh prints the script that git calls instead of ssh, as
# "ssh [-p PORT] [-o ...] [USER@]HOST COMMAND".
write_ssh() {
	cat <<'SSH'
host='' port=22 command='' takes=''
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
# The command is git-upload-pack 'apxr/apxr_io.git', or
# git-lfs-authenticate apxr/apxr_io.git download.
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
	set -- -o IdentitiesOnly=yes -o IdentityAgent=SSH_AUTH_SOCK -o "IdentityFile=\"$key\"" "$@"
elif [ -z "$SLIPWAY_FORWARD_AGENT" ]; then
	set -- -o IdentityAgent=none "$@"
else
	set -- -o IdentityAgent=SSH_AUTH_SOCK "$@"
fi
name=$host
[ "$port" = 22 ] || name="[$host]:$port"
pinned=$(ssh-keygen -F "$name" -f "$SLIPWAY_SCRATCH/known_hosts" 2>/dev/null) &&
	case $pinned in
	*@cert-authority*)
		set -- -o "UserKnownHostsFile=\"$SLIPWAY_SCRATCH/plain_hosts\"" -o GlobalKnownHostsFile=/dev/null \
			-o "KnownHostsCommand=/bin/sh \"$SLIPWAY_SCRATCH/authorities\" \"$SLIPWAY_SCRATCH/known_hosts\" %H %t %K" "$@" ;;
	*) set -- -o "UserKnownHostsFile=\"$SLIPWAY_SCRATCH/known_hosts\"" -o GlobalKnownHostsFile=/dev/null "$@" ;;
	esac
# The user's own settings must not share a connection that was opened with another
# key, nor forward the agent to the git server.
exec ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o VerifyHostKeyDNS=no -o ForwardAgent=no \
	-o ControlMaster=no -o ControlPath=none -o ConnectTimeout=30 -o ServerAliveInterval=15 "$@"
SSH
}

# write_authorities prints the program that ssh runs for each host key, as
# "FILE HOST TYPE KEY". It prints the lines of known_hosts that declare certificate
# authorities. For a host certificate that names no host it prints nothing: ssh itself
# takes one for every name.
write_authorities() {
	cat <<'AUTHORITIES'
case $3 in
*-cert-*)
	shown=$(printf '%s %s\n' "$3" "$4" | ssh-keygen -L -f -) || exit 0
	case $shown in
	*"Principals: (none)"*)
		echo "error: the host certificate of $2 names no host, so it is not trusted: have one signed for it (ssh-keygen -h -n NAME)" >&2
		exit 0 ;;
	esac ;;
esac
grep '^[[:space:]]*@cert-authority' "$1"
AUTHORITIES
}

# mirror URL REVISION fetches a repository into its mirror, sets git_dir to it, and
# locks it until release_mirror, since another application may be built from the same
# one. git inherits the lock, and keeps it if this script dies first. REVISION must
# be in the mirror afterwards: a full commit ID, or the name of a branch or tag.
mirror() {
	mirror_of "$1"
	command exec 8>>"$git_dir.lock" || failed "cannot write $git_dir.lock"
	flock -w 600 8 || die "another build has been fetching $1 for 600 s"
	# We hold the mirror, so these are locks of processes that died.
	find "$git_dir" -name '*.lock' -type f -delete 2>/dev/null
	git init --quiet --bare "$git_dir" || failed "cannot create the mirror $git_dir"
	if ! is_commit "$2" || ! has_commit "$2"; then
		fetch "$1" '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*'
	fi
	# The commit of a pull request, or of a deleted branch, is on no branch. It gets
	# a ref of its own.
	! is_commit "$2" || has_commit "$2" || git --git-dir="$git_dir" fetch --quiet --no-auto-gc -- "$1" "+$2:refs/slipway/$2" 3>&-
	git -c gc.autoDetach=false --git-dir="$git_dir" gc --auto --quiet 3>&-
}

release_mirror() { exec 8>&-; }

# is_commit tests whether a word is a full commit ID, of SHA-1 or SHA-256.
is_commit() {
	case ${#1} in 40 | 64) ;; *) return 1 ;; esac
	case $1 in *[!0-9a-f]*) return 1 ;; esac
}

# has_commit tests whether a ref leads to the commit: git moves a ref only when all
# objects are there. Without a ref, the commit may be from a fetch that died before
# its files had arrived.
has_commit() { [ -n "$(git --git-dir="$git_dir" for-each-ref --count=1 --contains "$1" 2>/dev/null)" ]; }

fetch() {
	url=$1
	shift
	said=$(git --git-dir="$git_dir" fetch --prune --no-auto-gc -- "$url" "$@" 2>&1 3>&-) && return
	printf '%s\n' "$said"
	case $said in
	*"ssh: not found"* | *"ssh: command not found"*) die "ssh is not installed on the build server: install openssh-client" ;;
	*"IDENTIFICATION HAS CHANGED"*) die "the server of $url has another host key than the pinned one: someone is intercepting the connection, or the server was given a new key. Compare the fingerprint above with what its operator publishes before you change git-known-hosts" ;;
	*"names no host, so it is not trusted"*) die "the host certificate of the server of $url names no host: have one signed for it (ssh-keygen -h -n NAME), or give the line of its own key as git-known-hosts" ;;
	*"Host key verification failed"*) die "the host key of the server of $url is not pinned: give its lines of known_hosts as git-known-hosts" ;;
	*"could not read Username"* | *"terminal prompts disabled"*) die "$url wants credentials: give a git-token, or use the SSH URL with deploy-keys" ;;
	*"Permission denied"* | *"uthentication failed"* | *" 403"*) die "$url may not be read with these credentials: see git-token and deploy-keys, or give the build server's user $(id -un) a key of its own" ;;
	*"not found"* | *"does not exist"* | *"does not appear to be a git repository"*) die "there is no repository $url, or it may not be read with these credentials (servers answer both in the same way)" ;;
	*"bad object"* | *"is corrupt"* | *"is empty"* | *"did not send all necessary objects"*) damaged ;;
	esac
	failed "cannot fetch $url: $(printf '%s\n' "$said" | grep -E '^(ssh|fatal|error|remote|ERROR)' | grep -v 'Could not read from remote' | head -n 1)"
}

damaged() {
	look
	[ "${room:-0}" -lt 16 ] || rm -rf "$git_dir"
	failed "the mirror $git_dir was damaged, and is removed: run the build again"
}
