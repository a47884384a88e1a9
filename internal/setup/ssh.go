package setup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/ansible"
)

// controlDir holds the sockets of shared connections. Its name is short, since the
// path of a socket is limited to about 100 bytes.
const controlDir = "c"

// jumpName returns the name of a jump host in ssh_config. It is not the host's own
// name: a jump host that is also set up is reached through all of them, too.
func jumpName(i int) string { return fmt.Sprintf("slipway-jump-%d", i+1) }

// sshConfig returns a configuration that restricts ssh to the given keys and host
// keys, whatever the user's own configuration says.
func (f place) sshConfig(a Access) (string, error) {
	var b strings.Builder
	for i, jump := range a.Jumps {
		fmt.Fprintf(&b, "Host %s\n  HostName %s\n  User %s\n  Port %s\n  ProxyJump %s\n", jumpName(i), jump.Host, jump.User, jump.Port, jumpBefore(i))
	}
	if n := len(a.Jumps); n > 0 {
		fmt.Fprintf(&b, "Host * !slipway-jump-*\n  ProxyJump %s\n", jumpBefore(n))
	}
	agent := "none"
	if a.Agent != "" {
		agent = a.Agent
	}
	for _, path := range []string{agent, f.dir} {
		if strings.ContainsAny(path, "\"\n") {
			return "", fmt.Errorf("the directory for temporary files has a name that ssh does not accept: %q", path)
		}
	}
	fmt.Fprintf(&b, `Host *
%s  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  CheckHostIP no
  VerifyHostKeyDNS no
  IdentityAgent "%s"
  IdentityFile none
  PreferredAuthentications publickey
  BatchMode yes
  ForwardAgent no
  ForwardX11 no
  ConnectTimeout 15
  ServerAliveInterval 15
  ServerAliveCountMax 4
`, f.hostKeyConfig(a.KnownHosts), percent(agent))
	return b.String(), nil
}

func jumpBefore(i int) string {
	if i == 0 {
		return "none"
	}
	return jumpName(i - 1)
}

// percent escapes a path, so that ssh sees no tokens in it.
func percent(path string) string { return strings.ReplaceAll(path, "%", "%%") }

// endTimeout bounds how long ending the connections may take if a server does not
// answer.
const endTimeout = 2 * time.Second

// endConnections ends the connections that ssh keeps for the next task: they are
// processes of their own, which outlive Ansible.
func (f place) endConnections(programs *ansible.Programs) {
	sockets, err := os.ReadDir(f.path(controlDir))
	if err != nil {
		return // there are no connections
	}
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	slots := make(chan struct{}, 16)
	var ended sync.WaitGroup
	for _, socket := range sockets {
		slots <- struct{}{}
		ended.Go(func() {
			defer func() { <-slots }()
			cmd := exec.CommandContext(ctx, "ssh", "-F", "/dev/null", "-S", f.path(controlDir)+"/"+socket.Name(), "-O", "exit", "slipway")
			cmd.Env = programs.Env()
			cmd.Run() // fails if the connection has already ended
		})
	}
	ended.Wait()
}
