package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

const (
	gitHostName = "git.apxr.test"
	gitUID      = 2001
)

// addGitUser makes the user who owns the repositories, unless a saved host has it; nothing but git runs for whoever logs
// in as it.
func addGitUser(root string) error {
	const script = `set -eu
! getent passwd git >/dev/null || exit 0
useradd --create-home --home-dir /srv/git --uid 2001 --shell /usr/bin/git-shell --password '*' git
install -d -m 700 -o git -g git /srv/git/.ssh`
	_, err := runWithInput(context.Background(), strings.NewReader(script), "chroot", root, "sh", "-s")
	return err
}

// GitURL is the address of a repository for the lab's hosts.
func (l *Lab) GitURL(name string) string { return "git@" + gitHostName + ":" + name + ".git" }

var repoName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)

// PublishRepo pushes the branches and tags of the repository in dir to the git host, where it is made if it does not
// exist. Its branches then are what they are in dir, even where that is not a fast-forward.
func (l *Lab) PublishRepo(ctx context.Context, dir, name string) error {
	if !repoName.MatchString(name) {
		return fmt.Errorf("publish %s: %q is no repository name: write it as apxr_io or apxr/apxr_io", dir, name)
	}
	host := l.Host("git")
	path := "/srv/git/" + name + ".git"
	if _, err := host.Run(ctx, nil, "runuser", "-u", "git", "--",
		"git", "init", "--quiet", "--bare", "--initial-branch=main", path); err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	push := exec.CommandContext(ctx, "git", "-C", dir, "push", "--quiet", "--force",
		"git@"+host.Addr+":"+name+".git", "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
	push.Env = append(os.Environ(), "GIT_SSH_COMMAND=ssh "+quote(l.sshOptions("git")))
	if _, err := output(push); err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	return nil
}
