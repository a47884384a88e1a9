// Package command builds the command line from these sources, once for each
// test binary, and runs it as a person or a script would.
//
// It does not know what the command line does.
package command

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/apxr/slipway/test/sample"
)

// Program builds the command line and returns its path. It is statically
// linked, so that it also runs on the hosts of a lab.
var Program = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	// Test binaries of several work trees run at the same time.
	tree := fmt.Sprintf("%x", sha256.Sum256([]byte(sample.Root())))[:8]
	path := filepath.Join(cache, "slipway-tools", "under-test", filepath.Base(os.Args[0])+"-"+tree, "slipway")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/slipway")
	cmd.Dir = sample.Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// Result says how a run ended.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Said returns the whole output of a run.
func (r Result) Said() string { return r.Stdout + r.Stderr }

// Run runs a command to its end. A failure of the command is a result, not an
// error.
func Run(cmd *exec.Cmd) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return Result{}, err
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}, nil
}
