# A just that only says its version.
# shellcheck disable=SC2034 # common/bin/install reads the variables
# shellcheck source=../common/log.sh
. ./log.sh
tool=just
programs=just

body() { echo "echo just $ASDF_INSTALL_VERSION"; }
