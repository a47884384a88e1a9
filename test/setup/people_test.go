package setup

import (
	"maps"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
)

// login is who logs in with whose key, and who they can be then; nobody if they
// are not let in.
type login struct{ user, key, is string }

func (s *site) checkLogins(h *lab.Host, logins ...login) {
	s.Helper()
	for _, l := range logins {
		said, err := s.as(l.user, l.key, h, "sudo -n id -un 2>/dev/null || id -un")
		if (l.is == "") != (err != nil) || !strings.HasSuffix(said, l.is) {
			s.Errorf("%s with %s's key: %q, %v; want %q", l.user, l.key, said, err, l.is)
		}
	}
}

// A year later: somebody leaves, somebody has changed a server by hand, and the
// deploy user has laid a trap for root. All on the second web server; in the end
// it is as it was.
func TestSetupRunsAgain(t *testing.T) {
	s := liveSite(t)
	host := s.builder
	s.checkLogins(host, login{"alice", "alice", "root"}, login{"bob", "bob", "bob"}, login{"deploy", "bob", "deploy"}, login{"deploy", "mallory", ""}, login{"root", "alice", ""})

	s.root(host, "echo '# by hand' >>/etc/systemd/system/shop.service; systemctl stop slipway-firewall.service")
	s.ok([]string{"/etc/systemd/system/shop.service has been changed", "slipway-firewall.service is inactive", "slipway setup --app apxr/shop"},
		s.dryRun(host)...)

	one := map[string]string{"hosts": "[web-servers]\n" + host.Addr + "\n"}
	gone := maps.Clone(one)
	gone["slipway_revoked_users"], gone["slipway_deployers"] = `["bob"]`, "[]"
	s.root(host, "install -d -m 0700 /root/target")
	s.trapped(host, func() {
		s.red(1, []string{".slipway"}, "setup", "--inventory", s.inventoryWith(gone))
	})
	if got := s.root(host, "stat -c '%a %U' /root/target; ls -A /root/target"); got != "700 root" {
		t.Errorf("setup followed a link of the deploy user: %s", got)
	}
	s.checkLogins(host, login{"bob", "bob", ""}, login{"deploy", "bob", ""}, login{"alice", "alice", "root"}, login{"deploy", "deploy", "deploy"})

	// Without the trap setup finishes what it began, and the colleague is back.
	s.ok(nil, "setup", "--inventory", s.inventoryWith(one))
	s.checkLogins(host, login{"bob", "bob", "bob"}, login{"deploy", "bob", "deploy"})
	if r := s.ok(nil, s.dryRun(host)...); strings.Contains(r.Stderr, "not as the setup phase") {
		t.Error("setup did not repair the server")
	}
}

// dryRun are the words of the next deploy to a host, without the deploy.
func (s *site) dryRun(h *lab.Host) []string {
	return []string{"deploy", "--release-id", s.first, "--hosts", h.Addr, "--build-host", s.builder.Addr, "--dry-run"}
}

// trapped runs something while a link of the deploy user leads from a directory
// of setup's to one of root's.
func (s *site) trapped(h *lab.Host, do func()) {
	s.Helper()
	for _, step := range []struct {
		line string
		do   func()
	}{
		{"mv /opt/apxr/shop/.slipway /tmp/kept && ln -s /root/target /opt/apxr/shop/.slipway", do},
		{"rm /opt/apxr/shop/.slipway && mv /tmp/kept /opt/apxr/shop/.slipway", func() {}},
	} {
		if said, err := s.deploy(h, step.line); err != nil {
			s.Fatal(said)
		}
		step.do()
	}
}
