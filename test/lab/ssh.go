package lab

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
)

// SSHArgs are the arguments that ssh needs to reach a host as a user; a command may follow them.
func (l *Lab) SSHArgs(user string, h *Host) []string {
	return append(l.sshOptions(user), user+"@"+h.Addr)
}

// sshOptions leave nothing to the configuration of whoever runs the lab.
func (l *Lab) sshOptions(user string) []string {
	key := l.AdminKeyPath()
	if user == "deploy" {
		key = l.DeployKeyPath()
	}
	return []string{
		"-F", "/dev/null", "-i", key,
		"-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
		"-o", "UserKnownHostsFile=" + l.KnownHostsPath(), "-o", "GlobalKnownHostsFile=/dev/null",
		"-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR",
		// The default, with post-quantum keys, takes 90 ms more on every connection.
		"-o", "KexAlgorithms=curve25519-sha256",
	}
}

func (l *Lab) sshCommand(ctx context.Context, user string, h *Host, argv []string) *exec.Cmd {
	args := l.SSHArgs(user, h)
	if user == "root" {
		args = append(h.sharedConnection(), args...)
	}
	return exec.CommandContext(ctx, "ssh", append(args, "--", quote(argv))...)
}

// sharedConnection lets one connection of root's serve all that is run until nothing is for a minute: a login takes a
// host ten times longer than a command on a connection that is there. Others log in each time, since tests change
// groups, shells and keys of theirs, which count from the next login on.
func (h *Host) sharedConnection() []string {
	return []string{
		"-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", "ControlPath=" + filepath.Join(h.dir(), "ssh"),
		"-o", "ServerAliveInterval=10",
	}
}

// quote makes one command line of arguments, for ssh hands the login shell (here bash) a line and no list.
func quote(argv []string) string {
	quoted := make([]string, len(argv))
	for i, arg := range argv {
		quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
