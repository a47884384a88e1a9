package setup

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

func TestPortsLeadToTheApplication(t *testing.T) {
	w := newWorld(t)
	const plain, tls = "shop 0.2.0 over gen_tcp", "shop 0.2.0 over ssl"
	for _, from := range []*lab.Host{w.client, w.web} {
		for url, want := range map[string]string{
			"http://" + w.web.Addr + "/": plain, "http://[" + w.web.Addr6 + "]/": plain,
			"https://" + w.web.Addr + "/": tls, "https://[" + w.web.Addr6 + "]/": tls,
		} {
			if got := w.get(from, url); !strings.Contains(got, want) {
				t.Errorf("from %s, %s answers %q, want %q", from.Name, url, got, want)
			}
		}
	}
	for _, url := range []string{"http://127.0.0.1/", "http://[::1]/", "http://127.0.0.1:4001/", "http://[::1]:4001/"} {
		if got := w.get(w.web, url); !strings.Contains(got, plain) {
			t.Errorf("on the host itself, %s answers %q", url, got)
		}
	}
	for _, url := range []string{"http://" + w.web.Addr + ":4001/", "http://[" + w.web.Addr6 + "]:4001/", "https://" + w.web.Addr + ":4443/"} {
		if got := w.on(w.client, "curl --silent --insecure --max-time 1 '"+url+"' && echo reached || true"); strings.Contains(got, "reached") {
			t.Errorf("%s is reached: %q", url, got)
		}
	}
	for _, port := range []string{"4369", "4002"} { // epmd; nothing
		if got := w.on(w.client, "timeout 1 bash -c 'exec 3<>/dev/tcp/"+w.web.Addr+"/"+port+"' && echo reached || true"); strings.Contains(got, "reached") {
			t.Errorf("port %s is reached", port)
		}
	}
}

func TestOutgoingConnectionsGoOut(t *testing.T) {
	w := newWorld(t)
	w.on(w.client, `for port in 80 443; do systemd-run --unit=other-$port --collect sh -c "mkdir -p /tmp/other && echo another server >/tmp/other/index.html && cd /tmp/other && exec python3 -m http.server --bind :: $port"; done
		for i in $(seq 50); do curl --silent http://127.0.0.1:443/ >/dev/null && exit; sleep 0.1; done`)
	defer w.on(w.client, "systemctl stop other-80 other-443")
	for _, url := range []string{"http://" + w.client.Addr + "/", "http://[" + w.client.Addr6 + "]/", "http://" + w.client.Addr + ":443/", "http://[" + w.client.Addr6 + "]:443/"} {
		if got := w.get(w.web, url); got != "another server" {
			t.Errorf("%s answers %q", url, got)
		}
	}
}

// Another application on the same host: what one does must not touch the other.
func TestTwoApplicationsShareAHost(t *testing.T) {
	w := newWorld(t)
	vars := map[string]string{
		"hosts": "[web-servers]\n" + w.web.Addr + "\n", "slipway_app": "stall", "slipway_port": "4101", "slipway_tls_port": "", "slipway_redirects": "{8080: 4101}", "slipway_restart": "flag", "slipway_eval_command": "",
		"slipway_repository": "", "slipway_git_key": "", "slipway_git_known_hosts": "", "slipway_tool_manager": "", "slipway_mise_url": "", "slipway_mise_checksum": "",
		"slipway_tools": "", "slipway_tool_plugins": "", "slipway_build_packages": "", "slipway_migrate_command": `""`,
	}
	stall := w.inventory(vars)
	w.run(0, w.slipway("setup", "--app", "apxr/stall", "--inventory", stall))
	// What one has the other cannot have, also while it does not run.
	before := w.on(w.web, fingerprint)
	maps.Copy(vars, map[string]string{"slipway_app": "shop", "slipway_units": "[stall.service]", "slipway_node_address": w.web.Addr})
	w.run(1, w.slipway("setup", "--app", "other/shop", "--inventory", w.inventory(vars)),
		"slipway_app: shop is set up already below /opt/apxr/shop", "slipway_units: stall.service belongs to the application stall",
		"port 8080 (slipway_redirects) belongs to", "port 4101 (slipway_port) belongs to", "slipway_node_address: the nodes of the application stall of this host are at 127.0.0.1")
	if w.on(w.web, fingerprint) != before {
		t.Error("an application took something of another")
	}
	id := w.release("0.3.0", "apxr/stall")
	w.run(0, w.slipway("deploy", "--app", "apxr/stall", "--inventory", stall, "--build-host", w.builder.Addr, "--health-url", "http://127.0.0.1:4101/", "--release-id", id,
		"--restart-flag", "/opt/apxr/stall/restart"))
	for url, want := range map[string]string{"http://" + w.web.Addr + ":8080/": "stall 0.3.0", "http://" + w.web.Addr + "/": "shop 0.2.0"} {
		if got := w.get(w.client, url); !strings.Contains(got, want) {
			t.Errorf("%s answers %q, want %s", url, got, want)
		}
	}
	// Without sudo for any restart: root watches a file.
	if rules := w.on(w.web, "sudo -l -U deploy"); strings.Contains(rules, "restart stall.service") || !strings.Contains(rules, "restart shop.service") {
		t.Errorf("sudo allows %s", rules)
	}
	// epmd belongs to neither of them.
	w.on(w.web, "systemctl stop shop.service")
	w.run(0, w.slipway("rpc", w.web.Addr, "IO.puts(node())", "--app", "apxr/stall"), "stall@127.0.0.1\n")
	w.on(w.web, "systemctl start shop.service")
	w.answers(w.web, "http://127.0.0.1:4001/", "shop 0.2.0")
	w.run(0, w.slipway("rpc", w.web.Addr, "IO.puts(node())"), "shop@127.0.0.1\n")
	if said := w.on(w.web, "systemctl show --property=MainPID --value slipway-epmd.service; pgrep -x epmd"); strings.Count(said, "\n") != 1 {
		t.Errorf("there is more than one epmd, or it is not the unit's: %q", said)
	}

	// One of them goes for good: what it had is free.
	w.on(w.web, strings.Replace(takingOff(t), "org=apxr app=apxr_io", "org=apxr app=stall", 1))
	maps.Copy(vars, map[string]string{"slipway_app": "kiosk", "slipway_units": "[kiosk.service]", "slipway_node_address": ""})
	w.run(0, w.slipway("setup", "--check", "--app", "apxr/kiosk", "--inventory", w.inventory(vars)), "kiosk.service")
	if left := w.on(w.web, "find / -xdev -name 'stall*' -o -xdev -name 'slipway-stall*'; getent passwd stall; getent group | grep stall; nft list ruleset | grep 4101 || true"); left != "" {
		t.Errorf("of the one that is gone, there is left %s", left)
	}
	w.answers(w.client, "http://"+w.web.Addr+"/", "shop 0.2.0")
}

// takingOff are the commands of the docs.
func takingOff(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sample.Root(), "docs/hosts.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "## Taking an application off a server")
	_, after, _ = strings.Cut(after, "```sh\n")
	commands, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatal("docs/hosts.md does not say how an application is taken off a server")
	}
	return commands
}
