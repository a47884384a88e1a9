package setup

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/world"
)

// forbidden is what the deploy user must not be able to do. Each line exits with
// 0 if it can.
var forbidden = map[string]string{
	"write a unit":             "echo x >>/etc/systemd/system/shop.service",
	"add a unit":               "echo x >/etc/systemd/system/evil.service",
	"override a unit":          "mkdir /etc/systemd/system/shop.service.d",
	"change its sudo rules":    "echo 'deploy ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers.d/slipway-shop",
	"change the wrapper":       "echo x >>/usr/local/lib/slipway/shop",
	"replace the wrapper":      "mv /usr/local/lib/slipway /tmp/x || ln -sf /bin/sh /usr/local/lib/slipway/shop",
	"read the secrets":         "cat /etc/slipway/shop/environment",
	"read alice's keys":        "cat /home/alice/.ssh/authorized_keys",
	"list alice's home":        "ls -a /home/alice | grep ssh",
	"read shadow":              "cat /etc/shadow",
	"read the app's temporary": "ls /run/shop/",
	"read all of the journal":  "journalctl --no-pager --lines=5 2>/dev/null | grep -qF 'systemd[1]'",
	"be root":                  "sudo -n id",
	"be root by a shell":       "sudo -n /bin/sh -c id",
	"edit as root":             "sudo -n systemctl edit shop.service || SYSTEMD_EDITOR=/bin/sh sudo -n -E systemctl edit shop.service",
	"start another unit":       "sudo -n systemctl start nftables.service",
	"restart sshd":             "sudo -n systemctl restart ssh.service",
	"start two units":          "sudo -n systemctl restart shop.service ssh.service",
	"add an option":            "sudo -n systemctl --root=/tmp restart shop.service || sudo -n systemctl restart shop.service --host=root@localhost",
	"another path of a unit":   "sudo -n systemctl restart /home/deploy/evil.service || sudo -n systemctl restart ../shop.service",
	"a pager":                  "SYSTEMD_PAGER='sh -c id' sudo -n systemctl status shop.service || sudo -n PAGER=sh systemctl status --no-pager shop.service",
	"the journal of another":   "sudo -n journalctl --no-pager --output=short-unix --lines=100 --unit=ssh.service",
	"more of the journal":      "sudo -n journalctl --no-pager --output=short-unix --lines=100 --unit=shop.service --unit=ssh.service",
	"the journal's files":      "sudo -n journalctl --no-pager --output=short-unix --lines=100 --unit=shop.service --file=/etc/shadow",
	"other words to the app":   "sudo -n -u shop /usr/local/lib/slipway/shop shell || sudo -n -u shop /usr/local/lib/slipway/shop console extra",
	"a shell as the app":       "sudo -n -u shop /bin/sh -c id",
	"the console as root":      "sudo -n /usr/local/lib/slipway/shop console",
	"the environment of sudo":  "sudo -n -u shop LD_PRELOAD=/tmp/x.so /usr/local/lib/slipway/shop eval </dev/null || sudo -n -u shop --preserve-env=ENV /usr/local/lib/slipway/shop eval </dev/null",
	"a console's own library":  "cd /tmp && printf '#!/bin/sh\\nid >/tmp/owned' >mktemp && chmod +x mktemp && echo ':ok' | PATH=/tmp:$PATH sudo -n -u shop /usr/local/lib/slipway/shop eval >/dev/null; cat /tmp/owned",
	"kill the app":             "kill -9 $(systemctl show --property=MainPID --value shop.service)",
	"redirect a port":          "/usr/sbin/nft add table inet evil",
}

// allowed is what the deploy user is for.
var allowed = map[string]string{
	"see the unit": "sudo -n systemctl status --no-pager shop.service",
	"read its log": "sudo -n journalctl --no-pager --output=short-unix --lines=100 --unit=shop.service",
	"evaluate":     "echo 'IO.puts(1)' | sudo -n -u shop /usr/local/lib/slipway/shop eval",
}

func TestTheDeployUserCanDoNothingButDeploy(t *testing.T) {
	s := liveSite(t)
	for what, tried := range s.tryAll(forbidden) {
		if strings.HasPrefix(tried, "0\n") {
			t.Errorf("the deploy user can %s (%s): %s", what, forbidden[what], tried)
		}
	}
	for what, tried := range s.tryAll(allowed) {
		if !strings.HasPrefix(tried, "0\n") {
			t.Errorf("the deploy user cannot %s (%s): %s", what, allowed[what], tried)
		}
	}
	if state := s.root(s.web, "systemctl is-active ssh.service shop.service; cat /tmp/owned /etc/systemd/system/evil.service 2>/dev/null || true"); state != "active\nactive" {
		t.Errorf("afterwards: %s", state)
	}
}

// tryAll runs lines as the deploy user, each in a shell of its own, and returns
// their exit codes and what they say.
func (s *site) tryAll(lines map[string]string) map[string]string {
	s.Helper()
	names := slices.Sorted(maps.Keys(lines))
	var script strings.Builder
	for _, name := range names {
		script.WriteString("out=$(bash -c " + world.Quote(lines[name]) + " 2>&1 </dev/null); printf '%s\\n%s\\036' \"$?\" \"$out\"\n")
	}
	said, err := s.web.RunAs(s.Context(), "deploy", strings.NewReader(script.String()), "sh", "-s")
	s.Must(err)
	parts := strings.Split(said, "\036")
	if len(parts) != len(names)+1 {
		s.Fatalf("%d of %d answers: %s", len(parts)-1, len(names), said)
	}
	tried := map[string]string{}
	for i, name := range names {
		tried[name] = parts[i]
	}
	return tried
}

// A link in the place of a release or of an environment leads the unit's
// processes, which are not root's, and nobody else.
func TestLinksOfTheDeployUserLeadNobodyAstray(t *testing.T) {
	s := liveSite(t)
	defer s.root(s.web, "systemctl reset-failed shop-migrate.service")
	said, err := s.deploy(s.web, `cd /opt/apxr/shop && mkdir -p releases/trap/bin &&
		printf '#!/bin/sh\nid -un; cat /etc/shadow /home/alice/.ssh/authorized_keys; touch /opt/apxr/shop/owned\n' >releases/trap/bin/shop && chmod -R g+rx releases/trap
		ln -sfn releases/trap next; sudo -n systemctl start shop-migrate.service
		sudo -n journalctl --no-pager --output=short-unix --lines=100 --unit=shop-migrate.service | tail -n 12
		rm -r next releases/trap; ln -s /etc/shadow releases/x; cat releases/x; rm releases/x; ls owned`)
	if err == nil || !strings.Contains(said, ": shop\n") || strings.Count(said, "Permission denied") < 3 {
		t.Errorf("%v: the trap did not spring, as shop and in a sandbox: %s", err, said)
	}
	for _, secret := range []string{"root:", "ssh-ed25519"} {
		if strings.Contains(said, secret) {
			t.Errorf("it gets %s", secret)
		}
	}
}

func TestTheApplicationWritesNothingOfARelease(t *testing.T) {
	s := liveSite(t)
	said := s.root(s.web, `runuser -u shop -- sh -c 'find /opt/apxr/shop /etc/slipway /usr/local/lib/slipway -writable -not -type l 2>/dev/null; ls /opt/apxr/shop/.slipway 2>&1 || true'`)
	if !strings.HasPrefix(said, "ls: ") || strings.Contains(said, "\n") {
		t.Errorf("the application's user can write %s", said)
	}
}
