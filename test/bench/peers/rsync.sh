# rsync that links what the running release has, then one ssh. TREE is the
# release. Each build gives all files new times: without --checksum rsync would
# look into all of them, and with times it could link none.
# shellcheck source=common.sh
. "$PEERS/common.sh"

deploy() {
	rsync -az --no-times --checksum --chmod=a+rX --rsh="ssh -F $SSH_CONFIG" --link-dest="$BASE/current/" \
		"$TREE/" "$1:$BASE/releases/$RELEASE/"
	on "$1" "$(link_and_restart)"
}

everywhere deploy
