package managers

import (
	"context"
	"runtime"

	"github.com/apxr/slipway/test/npm"
)

// miseVersion is the mise that the tests run, from npm.
const miseVersion = "2026.9.15"

// misePackage is the npm package with the program for this machine.
func misePackage() string {
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return "mise-linux-" + arch
}

// MiseProgram returns the path of mise on this machine. The first call on a machine fetches it: 52 MB.
func MiseProgram(ctx context.Context) (string, error) {
	mise := npm.Package{Name: "@jdxcode/" + misePackage(), Version: miseVersion}
	return mise.Fetch(ctx, "bin/mise", "mise-"+miseVersion, 0o755)
}
