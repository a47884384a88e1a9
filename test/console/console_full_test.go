//go:build full

package console

import (
	"syscall"
	"testing"
)

func TestAConsoleThatIsEnded(t *testing.T) {
	s := newSite(t)
	for signal, code := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		p := s.console()
		s.Must(p.cmd.Process.Signal(signal))
		p.ends(code)
		p.cooked()
		s.nothingLeft()
	}
}

func TestEverythingThatKeepsAPersonOut(t *testing.T) {
	s := newSite(t)
	const wrapper = "/usr/local/lib/slipway/shop"
	s.keptOut([]obstacle{
		{"eval", "chmod g+w " + wrapper, "chmod g-w " + wrapper, wrapper + " can be written by others than root (UID 0, mode 0775)"},
		{"eval", "mv /opt/apxr/shop/current /tmp/current", "mv /tmp/current /opt/apxr/shop/current", "nothing is deployed in /opt/apxr/shop"},
	})
	s.refused(1, []string{"there is no unit none.service"}, []string{"eval", s.host.Addr, "1", "--units", "none.service"})
	s.root("systemctl stop shop")
	s.refused(1, []string{"shop.service is inactive: rpc needs the running node"}, []string{"rpc", s.host.Addr, "1"})
	s.root("systemctl start shop; for _ in $(seq 600); do epmd -names | grep -q '^name shop ' && exit; sleep 0.1; done; exit 1")
}

// Whoever may use sudo anyhow needs no rule of the setup phase's, and need not see
// into the application's directory.
func TestAnAdminLogsInAsHimself(t *testing.T) {
	s := newSite(t)
	s.root(`useradd --create-home --shell /bin/bash --password '*' alice
		install -d -m 0700 -o alice -g alice /home/alice/.ssh
		install -m 0600 -o alice -g alice /root/.ssh/authorized_keys /home/alice/.ssh/
		echo 'alice ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice`)
	for _, name := range []string{"alice", "root"} {
		if r := s.OK("rpc", name+"@"+s.host.Addr, "IO.puts(Node.self())", "--ssh-key-file", s.lab.AdminKeyPath()); r.Stdout != "shop@127.0.0.1\n" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
