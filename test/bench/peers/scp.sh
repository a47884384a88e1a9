# scp of a tarball, then one ssh. TARBALL is the release.
# shellcheck source=common.sh
. "$PEERS/common.sh"

deploy() {
	scp -q -F "$SSH_CONFIG" "$TARBALL" "$1:/tmp/$RELEASE.tar.gz"
	on "$1" "set -e; mkdir $BASE/releases/$RELEASE; tar -xzf /tmp/$RELEASE.tar.gz -C $BASE/releases/$RELEASE; rm /tmp/$RELEASE.tar.gz; $(link_and_restart)"
}

everywhere deploy
