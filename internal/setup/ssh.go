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

// controlDir has the sockets of connections that are shared: a short name, since
// the path of a socket has about 100 bytes.
const controlDir = "c"

// jumpName is what ssh_config calls a jump host: a server of the same name that is
// to be set up is reached through all of them, too.
func jumpName(i int) string { return fmt.Sprintf("slipway-jump-%d", i+1) }

// sshConfig holds ssh to the keys and host keys that were given, whatever the
// user's own configuration says.
func sshConfig(a Access, knownHosts string) (string, error) {
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
	for _, path := range []string{agent, knownHosts} {
		if strings.ContainsAny(path, "\"\n") {
			return "", fmt.Errorf("the directory for temporary files has a name that ssh does not take: %q", path)
		}
	}
	fmt.Fprintf(&b, `Host *
  UserKnownHostsFile "%s"
  GlobalKnownHostsFile /dev/null
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
`, percent(knownHosts), percent(agent))
	return b.String(), nil
}

func jumpBefore(i int) string {
	if i == 0 {
		return "none"
	}
	return jumpName(i - 1)
}

// percent keeps ssh from seeing tokens in a path.
func percent(path string) string { return strings.ReplaceAll(path, "%", "%%") }

// endTimeout bounds the end of a connection whose server does not answer.
const endTimeout = 2 * time.Second

// endConnections ends the connections that ssh keeps for the next task: they are
// processes of their own, which outlive Ansible.
func (f place) endConnections(programs *ansible.Programs) {
	sockets, err := os.ReadDir(f.path(controlDir))
	if err != nil {
		return // there are none
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
			cmd.Run() // a connection that is gone already is what was wanted
		})
	}
	ended.Wait()
}
