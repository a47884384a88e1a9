//go:build full

package setup

import (
	"maps"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
)

// Two nodes share one epmd, and what one application has the other cannot have,
// also while it does not run.
func TestTwoNodesShareAHost(t *testing.T) {
	s := liveSite(t)
	s.ok([]string{"had nothing to change"}, "setup", "--app", "apxr/stall", "--inventory", s.stall)
	before := s.root(s.web, fingerprint)
	vars := s.ofStall()
	taken := maps.Clone(vars)
	maps.Copy(taken, map[string]string{"slipway_app": "shop", "slipway_units": "[stall.service]", "slipway_node_address": s.web.Addr})
	s.red(1, []string{
		"slipway_app: shop is set up already below /opt/apxr/shop", "slipway_units: stall.service belongs to the application stall",
		"port 8080 (slipway_redirects) belongs to", "port 4101 (slipway_port) belongs to", "slipway_node_address: the nodes of the application stall of this host are at 127.0.0.1",
	}, "setup", "--app", "other/shop", "--inventory", s.inventoryWith(taken))
	if s.root(s.web, fingerprint) != before {
		t.Error("an application took something of another")
	}

	id := s.build("0.3.0", "apxr/stall")
	s.ok(nil, "deploy", "--app", "apxr/stall", "--inventory", s.stall, "--build-host", s.builder.Addr, "--health-url", "http://127.0.0.1:4101/", "--release-id", id,
		"--restart-flag", "/opt/apxr/stall/restart")
	s.lead(s.client, map[string]string{"http://" + s.web.Addr + ":8080/": "stall 0.3.0", "http://" + s.web.Addr + "/": "shop 0.1.0"})
	s.root(s.web, "systemctl stop shop.service")
	s.ok([]string{"stall@127.0.0.1\n"}, "rpc", s.web.Addr, "IO.puts(node())", "--app", "apxr/stall")
	s.root(s.web, "systemctl start shop.service")
	s.answers(s.web, "http://127.0.0.1:4001/", "shop 0.1.0")
	s.ok([]string{"shop@127.0.0.1\n"}, "rpc", s.web.Addr, "IO.puts(node())")

	s.root(s.web, strings.Replace(takingOff(s.T), "org=apxr app=apxr_io", "org=apxr app=stall", 1))
	maps.Copy(vars, map[string]string{"slipway_app": "kiosk", "slipway_units": "[kiosk.service]"})
	s.ok([]string{"kiosk.service"}, "setup", "--check", "--app", "apxr/kiosk", "--inventory", s.inventoryWith(vars))
	if left := s.whatIsLeftOf(s.web, "stall"); left != "" {
		t.Errorf("of the one that is gone, there is left %s", left)
	}
	s.answers(s.client, "http://"+s.web.Addr+"/", "shop 0.1.0")
	s.ok(nil, "setup", "--app", "apxr/stall", "--inventory", s.stall) // and may come back
}

func (s *site) whatIsLeftOf(h *lab.Host, app string) string {
	s.Helper()
	return s.root(h, "find / -xdev -name '"+app+"*' -o -xdev -name 'slipway-"+app+"*'; getent passwd "+app+"; getent group | grep "+app+"; nft list ruleset | grep 4101 || true")
}
