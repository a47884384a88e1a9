# What the peers' scripts share. Their environment:
#   PEERS        the directory of these files
#   HOSTS        names of the hosts, as in the ssh configuration
#   SSH_CONFIG   ssh configuration with addresses, user, key and host keys
#   BASE, UNIT   the application's directory and its unit on the hosts
#   RELEASE      name of the release's directory below BASE/releases
set -eu

on() {
	host=$1
	shift
	ssh -F "$SSH_CONFIG" "$host" "$@"
}

# link_and_restart prints the commands that make RELEASE the one that runs.
link_and_restart() {
	echo "set -e; cd $BASE; ln -s releases/$RELEASE current.new; mv -T current.new current; sudo systemctl restart $UNIT"
}

# everywhere runs a function for all hosts at the same time.
everywhere() {
	pids=
	for host in $HOSTS; do
		"$1" "$host" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
}
