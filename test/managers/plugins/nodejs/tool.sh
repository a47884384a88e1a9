# A node that only says its version.
. ./log.sh
tool=nodejs
programs=node

body() { echo "echo v$ASDF_INSTALL_VERSION"; }
