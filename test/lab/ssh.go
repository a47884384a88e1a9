package lab

import (
	"context"
	"os/exec"
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
	return exec.CommandContext(ctx, "ssh", append(l.SSHArgs(user, h), "--", quote(argv))...)
}

// quote makes one command line of arguments, for ssh hands the login shell (here bash) a line and no list.
func quote(argv []string) string {
	quoted := make([]string, len(argv))
	for i, arg := range argv {
		quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
