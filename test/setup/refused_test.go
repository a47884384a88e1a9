package setup

import (
	"fmt"
	"testing"
)

// fingerprint is all that setup could change on a host.
const fingerprint = `find /etc /home /opt /usr/local /var/lib/dpkg/status -not -path '/etc/.pwd.lock' -type f -printf '%p %s %T@ %m %u\n' | sort
getent passwd; getent group; systemctl list-unit-files --no-legend; nft list ruleset 2>/dev/null || true`

// One mistake of each kind, on two servers: in the variables, of one server
// alone, and in what is on it already.
func TestMistakesAreToldTogetherAndBeforeAnything(t *testing.T) {
	s := readySite(t)
	s.root(s.web, "systemd-run --unit=squatter --collect python3 -m http.server 4100")
	defer s.root(s.web, "systemctl stop squatter.service")
	s.answers(s.web, "http://127.0.0.1:4100/", "Directory listing")
	before, beforeBuild := s.root(s.web, fingerprint), s.root(s.builder, fingerprint)
	s.red(1, []string{
		s.web.Addr, s.builder.Addr, "slipway_prot", "slipway_admins", "slipway_open_files", "value of slipway_tool_manager must be one of",
		"squatter.service", "4100", "slipway_units: shop.service belongs to the application shop", "port 4443 (slipway_tls_port) belongs to",
	}, "setup", "--app", "apxr/kiosk", "--inventory", s.inventoryWith(map[string]string{
		"hosts":       fmt.Sprintf("[web-servers]\n%s\n\n[build-servers]\n%s slipway_tool_manager=make\n", s.web.Addr, s.builder.Addr),
		"slipway_app": "kiosk", "slipway_units": "[shop.service]", "slipway_port": "4100", "slipway_tool_manager": "",
		"slipway_admins": "[]", "slipway_prot": "4001", "slipway_revoked_users": `["alice"]`, "slipway_open_files": "many",
	}))
	if s.root(s.web, fingerprint) != before || s.root(s.builder, fingerprint) != beforeBuild {
		t.Error("something was changed on a host")
	}
}
