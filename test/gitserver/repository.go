package gitserver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// gitHandler is git's own server program.
func gitHandler(dir string) (http.Handler, error) {
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return nil, fmt.Errorf("find git's programs: %w", err)
	}
	program := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w: this machine's git cannot serve over HTTP: install the whole of git", err)
	}
	return &cgi.Handler{
		Path: program,
		Dir:  dir,
		Env: append(gitEnvironment(),
			"GIT_PROJECT_ROOT="+dir, "GIT_HTTP_EXPORT_ALL=1",
			// What GitHub lets clients do beyond the defaults: fetch any commit by its ID, and leave out files.
			"GIT_CONFIG_COUNT=2",
			"GIT_CONFIG_KEY_0=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_0=true",
			"GIT_CONFIG_KEY_1=uploadpack.allowFilter", "GIT_CONFIG_VALUE_1=true"),
		Stderr: io.Discard,
	}, nil
}

// gitEnvironment leaves nothing to the configuration of whoever runs the tests.
func gitEnvironment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"}
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)

// Publish copies the branches and tags of the repository in dir to the server's repository of that name, which it
// makes if there is none. Its branches then are what they are in dir, even where that is not a fast-forward.
func (s *Server) Publish(ctx context.Context, dir, name string) error {
	if !repositoryName.MatchString(name) || strings.HasSuffix(name, ".git") {
		return fmt.Errorf("publish %s: %q is no repository name: write it as apxr_io or apxr/apxr_io", dir, name)
	}
	// No hooks: that of Git LFS would look for a server to upload to.
	for _, args := range [][]string{
		{"init", "--quiet", "--bare", "--initial-branch=main", s.repository(name)},
		{"-C", dir, "push", "--quiet", "--force", "--no-verify", s.repository(name), "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"},
	} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Env = gitEnvironment()
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("publish %s: git %s: %w:\n%s", name, strings.Join(args, " "), err, stderr.String())
		}
	}
	return nil
}
