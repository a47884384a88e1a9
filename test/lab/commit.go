package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// CommitDir commits what is in srcDir (all but .git and, at its top, _build and deps) on main of the repository in
// repoDir, which it makes if there is none, and whose work tree then holds the same files. It always makes a commit,
// even if nothing has changed. The same contents, message and time after the same parent give the same commit ID on
// every machine: the author is fixed, and neither a git configuration nor a .gitignore or .gitattributes counts.
func CommitDir(ctx context.Context, srcDir, repoDir, message string, when time.Time) (sha string, err error) {
	repo := commitRepo{dir: repoDir, when: when}
	if err := repo.init(ctx); err != nil {
		return "", fmt.Errorf("commit %s: %w", srcDir, err)
	}
	sha, err = repo.commit(ctx, srcDir, message)
	if err != nil {
		return "", fmt.Errorf("commit %s: %w", srcDir, err)
	}
	return sha, nil
}

type commitRepo struct {
	dir  string
	when time.Time
}

func (r commitRepo) init(ctx context.Context) error {
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return err
	}
	if err := r.gitAll(ctx, []string{"init", "--quiet", "--initial-branch=main"}); err != nil {
		return err
	}
	// A .gitattributes among the files must not change their bytes on the way in; info/attributes overrides it.
	info := filepath.Join(r.dir, ".git", "info")
	if err := os.MkdirAll(info, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(info, "attributes"), []byte("* -text -ident -filter -working-tree-encoding\n"), 0o644)
}

func (r commitRepo) commit(ctx context.Context, srcDir, message string) (string, error) {
	src, err := filepath.Abs(srcDir)
	if err != nil {
		return "", err
	}
	err = r.gitAll(ctx,
		[]string{"--work-tree", src, "add", "--all", "--force", "--", ":(top)", ":(top,exclude)_build", ":(top,exclude)deps"},
		[]string{"commit", "--quiet", "--allow-empty", "--no-verify", "--message", message},
		[]string{"clean", "--quiet", "-ffdx"},
		[]string{"reset", "--quiet", "--hard"})
	if err != nil {
		return "", err
	}
	sha, err := r.git(ctx, "rev-parse", "HEAD")
	return strings.TrimSpace(sha), err
}

func (r commitRepo) gitAll(ctx context.Context, commands ...[]string) error {
	for _, args := range commands {
		if _, err := r.git(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func (r commitRepo) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "commit.gpgSign=false"}, args...)...)
	cmd.Dir = r.dir
	cmd.Env = r.environment()
	return output(cmd)
}

// environment names the repository outright: git would otherwise look for one in the directories above.
func (r commitRepo) environment() []string {
	date := fmt.Sprintf("@%d +0000", r.when.Unix())
	return []string{
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C",
		"GIT_DIR=.git", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Lab", "GIT_AUTHOR_EMAIL=lab@apxr.test", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Lab", "GIT_COMMITTER_EMAIL=lab@apxr.test", "GIT_COMMITTER_DATE=" + date,
	}
}
