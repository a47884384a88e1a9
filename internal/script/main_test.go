package script

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// repositories is a directory with the Git repositories that tests start from.
// Copying one takes no time, making one takes three processes.
var repositories string

// system is a directory with the commands of this machine that the scripts and
// their tests use. It is their whole PATH: whatever else a machine has, its own
// Elixir, mise or asdf, is not found by a test.
var system string

const (
	commands = `awk base64 basename bash cat chmod cmp cp curl cut date df diff dirname du env find flock
		getconf git grep gzip head id ldconfig ln ls mkdir mktemp mv nohup ps readelf readlink rm rmdir
		script sed setsid sh sha256sum sleep sort ssh ssh-keygen stat sync tail tar tee timeout touch tr
		uname uniq wc xargs`
	optional = "busybox git-lfs gawk mawk zstd" // a test that needs one says so if it is missing
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp(memory(), "script-")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// memory returns a directory in memory, where thousands of small files take a
// third of the time that they take on a disk; empty: there is none that programs
// can be run from.
func memory() string {
	const dir, least = "/dev/shm", 1 << 30
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(dir, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < least {
		return ""
	}
	program, err := os.CreateTemp(dir, "script-")
	if err != nil {
		return ""
	}
	defer os.Remove(program.Name())
	_, err = program.WriteString("#!/bin/sh\n")
	if errors.Join(err, program.Chmod(0o700), program.Close()) != nil || exec.Command(program.Name()).Run() != nil {
		return ""
	}
	return dir
}

// prepare makes the directories that the tests share, and has their temporary
// directories made beside them.
func prepare(dir string) error {
	system, repositories = filepath.Join(dir, "bin"), filepath.Join(dir, "repositories")
	tmp := filepath.Join(dir, "tmp")
	err := errors.Join(os.Mkdir(system, 0o755), os.Mkdir(repositories, 0o755), os.Mkdir(tmp, 0o755), os.Setenv("TMPDIR", tmp))
	for _, name := range strings.Fields(commands + " " + optional) {
		if path, lookErr := exec.LookPath(name); lookErr == nil { // else the test that needs it says so
			err = errors.Join(err, os.Symlink(path, filepath.Join(system, name)))
		}
	}
	return err
}
