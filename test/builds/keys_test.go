package builds

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
	"github.com/apxr/slipway/test/world"
)

// newKey makes a key pair.
func newKey(t world.T) (private, public string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	t.Tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file)
	return t.Read(file), strings.TrimSpace(t.Read(file + ".pub"))
}

// only lets a key read one repository.
const only = `#!/bin/sh
[ "$SSH_ORIGINAL_COMMAND" = "git-upload-pack '$1.git'" ] || { echo "ERROR: Repository not found." >&2; exit 1; }
exec git-shell -c "$SSH_ORIGINAL_COMMAND"
`

// onlyDeployKeys makes the git host accept a key for one repository alone, as
// GitHub does, and none of the build host's own, for as long as the test runs.
func (s *site) onlyDeployKeys(publicByRepo map[string]string) {
	s.Helper()
	git := s.lab.Host("git")
	run := func(stdin, script string) {
		s.Helper()
		_, err := git.Run(s.Context(), strings.NewReader(stdin), "sh", "-c", script)
		s.Must(err)
	}
	run(only, "cat >/usr/local/bin/only && chmod 755 /usr/local/bin/only && usermod --shell /bin/sh git && cp -p /srv/git/.ssh/authorized_keys /root/authorized_keys")
	s.Cleanup(func() {
		if _, err := git.Run(lateContext(), nil, "sh", "-c", "mv /root/authorized_keys /srv/git/.ssh/authorized_keys && usermod --shell /usr/bin/git-shell git"); err != nil {
			s.Error(err)
		}
	})
	var lines strings.Builder
	for repo, public := range publicByRepo {
		fmt.Fprintf(&lines, "command=\"/usr/local/bin/only %s\",restrict %s\n", repo, public)
	}
	// The first line is the developer's, who pushes.
	run(lines.String(), "head -n 1 /root/authorized_keys >/srv/git/.ssh/authorized_keys && cat >>/srv/git/.ssh/authorized_keys")
}

// library publishes a repository beside the application's and returns its commit.
func (s *site) library(name string) (revision string) {
	s.Helper()
	p, err := sample.PublishTree(s.Context(), s.lab, s.TempDir(), name, sample.Plain(name))
	s.Must(err)
	return s.Tool("git", "-C", p.Dir(), "rev-parse", "HEAD")
}

// commit makes a repository of these files and returns its directory.
func (s *site) commit(files map[string]string) (repo string) {
	s.Helper()
	dir, repo := s.TempDir(), s.TempDir()
	for file, text := range files {
		path := filepath.Join(dir, file)
		s.Must(os.MkdirAll(filepath.Dir(path), 0o755))
		s.Must(os.WriteFile(path, []byte(text), 0o644))
	}
	_, err := lab.CommitDir(s.Context(), dir, repo, "first", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s.Must(err)
	return repo
}

// addSubmodule commits a submodule by hand, since this machine cannot reach the
// git host by its name, and returns the commit.
func (s *site) addSubmodule(repo, path, url, commit string) (revision string) {
	s.Helper()
	const script = `set -eu; cd "$1"
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=dev GIT_AUTHOR_EMAIL=dev@apxr.test GIT_COMMITTER_NAME=dev GIT_COMMITTER_EMAIL=dev@apxr.test
printf '[submodule "a name"]\n\tpath = %s\n\turl = %s\n' "$2" "$3" >.gitmodules
git add .gitmodules
git update-index --add --cacheinfo "160000,$4,$2"
git commit --quiet -m 'pin the submodule'
git rev-parse HEAD`
	return s.Tool("sh", "-c", script, "sh", repo, path, url, commit)
}
