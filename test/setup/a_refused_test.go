package setup

import (
	"fmt"
	"testing"
)

// fingerprint is all that setup could change on a host.
const fingerprint = `find /etc /home /opt /usr/local /var/lib/dpkg/status -newer /etc/machine-id -not -path '/etc/machine-id' -type f | sort | xargs sha256sum; getent passwd; nft list ruleset 2>/dev/null || true`

func TestMistakesAreToldTogetherAndBeforeAnything(t *testing.T) {
	w := newWorld(t)
	w.on(w.web, "systemd-run --unit=squatter --collect python3 -m http.server 4001")
	before, beforeBuild := w.on(w.web, fingerprint), w.on(w.builder, fingerprint)
	w.run(1, w.slipway("setup", "--inventory", w.inventory(map[string]string{
		"slipway_admins": "[]", "slipway_prot": "4001", "slipway_revoked_users": `["alice"]`, "slipway_open_files": "many",
	})), "slipway_prot", "slipway_port", "admin", "squatter.service", "4001", "slipway_open_files")
	w.on(w.web, "systemctl stop squatter.service")

	// Neither can anything be done about a host without them, nor may the other one be changed.
	w.on(w.web, "for f in /usr/bin/python3*; do mv $f /opt/$(basename $f).away; done")
	// The name of process 1 is what tells.
	w.on(w.builder, "echo init >/tmp/comm; mount --bind /tmp/comm /proc/1/comm")
	w.run(1, w.slipway("setup", "--inventory", w.inventory(nil)), w.web.Addr, "Python", w.builder.Addr, "systemd")
	w.on(w.web, "for f in /opt/python3*.away; do mv $f /usr/bin/$(basename $f .away); done")
	w.on(w.builder, "umount /proc/1/comm")

	w.run(2, w.slipway("setup", "--inventory", w.inventory(map[string]string{"hosts": "[frontends]\n" + w.web.Addr + "\n"})), "web-servers", "frontends")
	if w.on(w.web, fingerprint) != before || w.on(w.builder, fingerprint) != beforeBuild {
		t.Error("something was changed on a host")
	}
}

func TestACheckShowsAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	before := w.on(w.builder, fingerprint)
	both := w.inventory(map[string]string{"hosts": fmt.Sprintf("[web-servers]\n%s\n[build-servers]\n%[1]s\n", w.builder.Addr)})
	w.run(0, w.slipway("setup", "--check", "--inventory", both), "shop.service", "ProtectSystem=strict")
	if w.on(w.builder, fingerprint) != before {
		t.Error("a check changed something")
	}
}
