# Where things lie on the build host, below the home of the user that builds:
#
#	slipway/mirrors/KEY.git          a mirror per repository, kept
#	slipway/ORG/APP/checkout         the tree that is being built, new each time
#	slipway/ORG/APP/artifacts/ID/    manifest.json and the release in tree/
#	slipway/ORG/APP/artifacts/ID.part/  being built; never deployed
root=$HOME/slipway
