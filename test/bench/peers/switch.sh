# One connection that links and restarts: the floor of each deploy, and the
# rollback of whoever deploys with scp or rsync.
# shellcheck source=common.sh
. "$PEERS/common.sh"

switch() {
	on "$1" "$(link_and_restart)"
}

everywhere switch
