package setup

import (
	"strings"
	"testing"
)

// A year later: somebody has left, somebody has changed a server by hand, and the
// deploy user has laid a trap for root.
func TestSetupRunsAgain(t *testing.T) {
	w := newWorld(t)
	login := func(user, key, want string) {
		t.Helper()
		if said, err := w.as(user, key, w.web, "sudo -n id -un 2>/dev/null || id -un"); (want == "") != (err != nil) || want != "" && !strings.HasSuffix(said, want) {
			t.Errorf("%s with %s's key: %q, %v; want %q", user, key, said, err, want)
		}
	}
	login("alice", "alice", "root")
	login("bob", "bob", "bob")
	login("deploy", "bob", "deploy")
	login("deploy", "mallory", "")
	login("root", "alice", "")

	w.on(w.web, "echo '# by hand' >>/etc/systemd/system/shop.service; systemctl stop slipway-firewall.service; install -d -m 0700 /root/target")
	w.run(0, w.slipway("rollback", "--inventory", inventory, "--dry-run"), "/etc/systemd/system/shop.service has been changed", "slipway-firewall.service is inactive",
		"slipway setup --app apxr/shop")
	if _, err := w.deploy(w.builder, "mv /opt/apxr/shop/.slipway /tmp/kept && ln -s /root/target /opt/apxr/shop/.slipway"); err != nil {
		t.Fatal(err)
	}
	w.on(w.builder, "install -d -m 0700 /root/target")
	gone := w.inventory(map[string]string{"slipway_revoked_users": `["bob"]`, "slipway_deployers": "[]", "slipway_allow_console": "false"})
	w.run(1, w.slipway("setup", "--inventory", gone), ".slipway")
	if got := w.on(w.builder, "stat -c '%a %U' /root/target"); got != "700 root" {
		t.Errorf("setup followed a link of the deploy user: %s", got)
	}
	if _, err := w.deploy(w.builder, "rm /opt/apxr/shop/.slipway; mv /tmp/kept /opt/apxr/shop/.slipway"); err != nil {
		t.Fatal(err)
	}

	login("bob", "bob", "")
	login("deploy", "bob", "")
	login("alice", "alice", "root")
	login("deploy", "deploy", "deploy")
	w.run(1, w.slipway("eval", w.web.Addr, ":ok"), "slipway_allow_console")
	if r := w.run(0, w.slipway("rollback", "--hosts", w.web.Addr, "--dry-run")); strings.Contains(r.Stderr, "not as the setup phase") {
		t.Error("setup did not mend the server")
	}
}

func TestAReleaseComesBackAfterAReboot(t *testing.T) {
	w := newWorld(t)
	w.must(w.web.Reboot(t.Context()))
	w.answers(w.client, "http://"+w.web.Addr+"/", "shop 0.2.0")
	if failed := w.on(w.web, "systemctl --failed --no-legend"); failed != "" {
		t.Errorf("%s: %s", w.web.Name, failed)
	}
}
