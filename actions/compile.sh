#!/bin/bash
# Builds an action's program: compile.sh NAME [PACKAGE]. The default package is
# actions/NAME. The step's output "path" says where the program is. The action's next
# step runs it.
#
# Only the sources that the workflow named, the Go of this runner and the environment
# variables below decide what is built. Nothing is read that another job could have
# written: no program, no cache, no configuration of Go, nothing from the home directory.
set -euo pipefail

fail() {
	echo "::error::slipway: $*"
	exit 1
}

# Begin again with a clean environment, in the same process. Then neither the children
# nor a look into /proc find a secret or an input here. The variables travel over stdin,
# since a proxy's URL may have a password in it.
if [ "${1-}" != --clean ]; then
	keep=
	for name in PATH RUNNER_TEMP GITHUB_ENV GITHUB_OUTPUT BUILT_SLIPWAY GOPROXY \
		HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR; do
		[ -z "${!name-}" ] || keep+=$name=${!name}$'\n'
	done
	exec -c "$BASH" "${BASH_SOURCE[0]}" --clean "$@" <<<"$keep"
fi
while IFS= read -r variable; do
	[ -z "$variable" ] || export "${variable?}"
done
exec </dev/null

name=$2
package=${3:-actions/$name}
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

command -v go >/dev/null || fail "this runner has no Go, which builds Slipway from its sources. Add 'actions/setup-go' before this step, or use a GitHub-hosted runner, which has Go."
[ -d "${RUNNER_TEMP-}" ] || fail "RUNNER_TEMP names no directory: an action runs as a step of a workflow."

# The job's own directory. Its name is random: no other job can have filled it before.
# The runner hands it to the later steps of this job, and removes it with the job.
place=${BUILT_SLIPWAY-}
cost="with what this job has compiled before"
if [ ! -d "$place" ] || [ -L "$place" ] || [ ! -O "$place" ]; then
	place=$(mktemp -d "$RUNNER_TEMP/slipway-XXXXXXXXXX")
	echo "BUILT_SLIPWAY=$place" >>"$GITHUB_ENV"
	cost="from nothing, because no cache of other jobs is used: about half a minute, once for each job"
fi

# CGO_ENABLED=0: the program does not depend on this machine's C compiler. go.sum
# verifies each module when it comes from GOPROXY into the empty cache.
export HOME=$place TMPDIR=$place GOPATH=$place/go GOCACHE=$place/cache GOMODCACHE=$place/modules
export GOENV=off GOWORK=off GOTOOLCHAIN=auto CGO_ENABLED=0
cd "$sources"
version=$(go env GOVERSION) || fail "Slipway could not be built: see the lines above"
echo "Building Slipway with $version, $cost"
# -modcacherw: otherwise the runner cannot remove the modules.
go build -modcacherw -trimpath -buildvcs=false -o "$place/$name" "./$package" || fail "Slipway could not be built: see the lines above"
echo "Built in $SECONDS s"
echo "path=$place/$name" >>"$GITHUB_OUTPUT"
