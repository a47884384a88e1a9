//go:build full

package setup

import (
	"fmt"
	"testing"
)

// Nothing can be done about a host without Python or systemd, nor may the other
// one be changed.
func TestServersThatCannotBeSetUp(t *testing.T) {
	s := bareSite(t, "", "bare2")
	s.builder = s.lab.Host("bare2")
	before, beforeBuild := s.root(s.web, fingerprint), s.root(s.builder, fingerprint)
	s.root(s.web, "for f in /usr/bin/python3*; do mv $f /opt/$(basename $f).away; done")
	// The name of process 1 is what tells.
	s.root(s.builder, "echo init >/tmp/comm; mount --bind /tmp/comm /proc/1/comm")
	both := map[string]string{"hosts": fmt.Sprintf("[web-servers]\n%s\n%s\n", s.web.Addr, s.builder.Addr)}
	s.red(1, []string{s.web.Addr, "Python", s.builder.Addr, "systemd"}, "setup", "--inventory", s.inventoryWith(both))
	s.root(s.web, "for f in /opt/python3*.away; do mv $f /usr/bin/$(basename $f .away); done")
	s.root(s.builder, "umount /proc/1/comm")

	s.red(2, []string{"web-servers", "frontends"}, "setup", "--inventory", s.inventoryWith(map[string]string{"hosts": "[frontends]\n" + s.web.Addr + "\n"}))
	if s.root(s.web, fingerprint) != before || s.root(s.builder, fingerprint) != beforeBuild {
		t.Error("something was changed on a host")
	}
}

func TestACheckOfABareServerShowsAndChangesNothing(t *testing.T) {
	s := bareSite(t, "")
	before := s.root(s.web, fingerprint)
	both := s.inventoryWith(map[string]string{"hosts": fmt.Sprintf("[web-servers]\n%s\n[build-servers]\n%[1]s\n", s.web.Addr)})
	s.ok([]string{"shop.service", "ProtectSystem=strict"}, "setup", "--check", "--inventory", both)
	if s.root(s.web, fingerprint) != before {
		t.Error("a check changed something")
	}
}
