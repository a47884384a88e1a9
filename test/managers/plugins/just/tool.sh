# A just that only says its version.
. ./log.sh
tool=just
programs=just

body() { echo "echo just $ASDF_INSTALL_VERSION"; }
