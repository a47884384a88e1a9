#!/bin/bash
# Starts an action's program: launch.sh NAME [PACKAGE]. The default package is
# actions/NAME.
#
# The program is built from exactly the sources that the workflow named, once for each
# version of them, and kept for later steps. It replaces this shell, so that the
# signals of a cancelled run reach it.
set -euo pipefail

name=$1
package=${2:-actions/$name}
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
	echo "::error::slipway: $*"
	exit 1
}

command -v go >/dev/null || fail "this runner has no Go, which builds Slipway from its sources. Add 'actions/setup-go' before this step, or use a GitHub-hosted runner, which has Go."

# macOS has only shasum.
sum=(sha256sum)
command -v sha256sum >/dev/null || sum=(shasum -a 256)

# The program depends on all sources and on the toolchain.
key=$(cd "$sources" && {
	go version
	find . -type f \( -name '*.go' -o -name '*.sh' -o -name go.mod -o -name go.sum -o -path './ansible/*' \) \
		-not -path './test/*' -print0 | LC_ALL=C sort -z | xargs -0 "${sum[@]}"
} | "${sum[@]}" | cut -c1-16)

folder=${RUNNER_TOOL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}}/slipway/$key
program=$folder/$name
if [ ! -x "$program" ]; then
	mkdir -p "$folder"
	echo "Building Slipway with $(go env GOVERSION)"
	# Build under another name, then rename: two jobs on one runner may do this at the
	# same time.
	(cd "$sources" && go build -trimpath -buildvcs=false -o "$program.$$" "./$package") || fail "Slipway could not be built: see the lines above"
	mv "$program.$$" "$program"
fi
exec "$program"
