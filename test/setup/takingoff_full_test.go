//go:build full

package setup

import (
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/test/sample"
	"github.com/apxr/slipway/test/world"
)

// takingOff are the commands of the docs by which an application leaves a server.
func takingOff(t world.T) string {
	t.Helper()
	_, after, found := strings.Cut(t.Read(filepath.Join(sample.Root(), "docs/hosts.md")), "## Taking an application off a server")
	_, after, _ = strings.Cut(after, "```sh\n")
	commands, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatal("docs/hosts.md does not say how an application is taken off a server")
	}
	return commands
}
