# A node that only says its version.
# shellcheck disable=SC2034 # common/bin/install reads the variables
# shellcheck source=../common/log.sh
. ./log.sh
tool=nodejs
programs=node

body() { echo "echo v$ASDF_INSTALL_VERSION"; }
