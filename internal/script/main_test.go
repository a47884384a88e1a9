package script

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// system is a directory with the commands of this machine that the scripts and
// their tests use. It is their whole PATH: whatever else a machine has, its own
// Elixir, mise or asdf, is not found by a test.
var system string

const (
	commands = `awk base64 basename bash cat chmod cmp cp curl cut date df diff dirname du env find flock
		getconf git grep gzip head id ldconfig ln ls mkdir mktemp mv nohup ps readelf readlink rm rmdir
		script sed setsid sh sha256sum sleep sort ssh ssh-keygen stat sync tail tar tee timeout touch tr
		uname uniq wc xargs`
	optional = "busybox git-lfs" // tests that want one of these skip without it, or install it
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if system, err = os.MkdirTemp("", "system-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(system)
	for _, name := range strings.Fields(commands + " " + optional) {
		path, err := exec.LookPath(name)
		if err != nil {
			continue // what needs it says so
		}
		if err := os.Symlink(path, filepath.Join(system, name)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}
