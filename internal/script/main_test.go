package script

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repositories is a directory with the git repositories that tests start from.
// Copying one takes no time; making one takes three processes.
var repositories string

// system is a directory with the commands of this machine that the scripts and
// their tests use. It is their whole PATH, so that no test finds the machine's
// own Elixir, mise or asdf.
var system string

const (
	commands = `awk base64 basename bash cat chmod cmp cp curl cut date df diff dirname du env find flock
		getconf git grep gzip head id ldconfig ln ls mkdir mktemp mv nohup ps readelf readlink rm rmdir
		script sed setsid sh sha256sum sleep sort ssh ssh-keygen stat sync tail tar tee timeout touch tr
		uname uniq wc xargs`
	optional = "busybox git-lfs" // without these, tests skip or install them
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "script-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	system, repositories = filepath.Join(dir, "bin"), filepath.Join(dir, "repositories")
	if err := errors.Join(os.Mkdir(system, 0o755), os.Mkdir(repositories, 0o755)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, name := range strings.Fields(commands + " " + optional) {
		path, err := exec.LookPath(name)
		if err != nil {
			continue // a test that needs it reports it
		}
		if err := os.Symlink(path, filepath.Join(system, name)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}
