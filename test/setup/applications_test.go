package setup

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// artifact puts a light release of an application on the build server.
func (s *site) artifact(app string) release.ID {
	s.Helper()
	s.Must(light.Put(filepath.Join(s.builder.Root(), "home/deploy"), light.Release{App: release.App{Org: "apxr", Name: app}, ID: light.At(1)}))
	s.root(s.builder, "chown -R deploy:deploy /home/deploy/slipway/apxr/"+app)
	return light.At(1)
}

// Another application on the same host: what one does must not touch the other.
func TestTwoApplicationsShareAHost(t *testing.T) {
	s := liveSite(t)
	id := string(s.artifact("stall"))
	s.ok(nil, "deploy", "--app", "apxr/stall", "--inventory", s.stall, "--build-host", s.builder.Addr, "--health-url", "http://127.0.0.1:4101/health", "--release-id", id,
		"--restart-flag", "/opt/apxr/stall/restart")
	// A light release listens on loopback alone.
	s.lead(s.web, map[string]string{"http://127.0.0.1:8080/": id, "http://127.0.0.1/": "shop 0.1.0"})
	// Without sudo for any restart: root watches a file.
	if rules := s.root(s.web, "sudo -l -U deploy"); strings.Contains(rules, "restart stall.service") || !strings.Contains(rules, "restart shop.service") {
		t.Errorf("sudo allows %s", rules)
	}
	// epmd belongs to neither of them.
	const epmd = "systemctl show --property=MainPID --value slipway-epmd.service; pgrep -x epmd"
	before := s.root(s.web, epmd)
	s.root(s.web, "systemctl stop shop.service")
	s.lead(s.web, map[string]string{"http://127.0.0.1:8080/": id})
	s.root(s.web, "systemctl start shop.service")
	s.answers(s.web, "http://127.0.0.1:4001/", "shop 0.1.0")
	s.ok([]string{"shop@127.0.0.1\n"}, "rpc", s.web.Addr, "IO.puts(node())")
	if after := s.root(s.web, epmd); after != before || strings.Count(after, "\n") != 1 {
		t.Errorf("there is more than one epmd, or it is not the unit's, or another one: %q and %q", before, after)
	}
}
