//go:build full || servers

// What "make servers" tries beside the other tests: it takes minutes.

package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/light"
)

// bareSite is a lab of one bare host and some others, and what setup is told of it.
func bareSite(t *testing.T, suite string, others ...string) *site {
	labtest.Need(t)
	var suites map[string]string
	if suite != "" {
		suites = map[string]string{"bare1": suite}
	}
	l, err := lab.Start(t.Context(), lab.Options{Hosts: append(others, "bare1"), Suites: suites, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := newSiteOf(t, &team{lab: l, web: l.Host("bare1"), builder: l.Host("bare1")}, t.TempDir())
	s.makeKeys()
	s.vars = map[string]string{
		"hosts":       fmt.Sprintf("[web-servers]\n%s\n", s.web.Addr),
		"slipway_org": "apxr", "slipway_app": "shop", "slipway_cookie": fmt.Sprintf("%q", cookie), "slipway_firewall_default_deny": "true",
		"slipway_users":  fmt.Sprintf(`[{"name": "alice", "keys": [%q]}]`, strings.TrimSpace(s.Read(s.kept("alice.pub")))),
		"slipway_admins": `["alice"]`, "slipway_deploy_keys": s.deployKey(),
	}
	return s
}

// Set up from here, by the Ansible of this machine. The releases are light ones: a real one, built here, may need a newer
// glibc.
func TestAnotherDistribution(t *testing.T) {
	for _, suite := range []string{"bullseye", "trixie", "noble", "resolute"} {
		t.Run(suite, func(t *testing.T) { becomesReady(t, suite) })
	}
}

func becomesReady(t *testing.T, suite string) {
	s := bareSite(t, suite)
	inventory := s.inventoryWith(nil)
	s.ok(nil, "setup", "--check", "--inventory", inventory)
	s.ok(nil, "setup", "--inventory", inventory)
	s.ok([]string{"had nothing to change"}, "setup", "--inventory", inventory)
	shop := release.App{Org: "apxr", Name: "shop"}
	for n := range 2 {
		s.Must(light.Put(s.Home, light.Release{App: shop, ID: light.At(n + 1)}))
		r := s.ok(nil, "deploy", "--inventory", inventory, "--build-host", "local", "--health-url", "http://127.0.0.1:4001/health", "--release-id", string(light.At(n+1)))
		if strings.Contains(r.Stderr, "not as the setup phase") {
			t.Error("a host that was just set up differs")
		}
	}
	s.ok(nil, "rollback", "--inventory", inventory, "--health-url", "http://127.0.0.1:4001/health")
	s.lead(s.web, map[string]string{"http://127.0.0.1/health": string(light.At(1))})
	t.Log(s.root(s.web, ". /etc/os-release; echo $PRETTY_NAME; python3 --version; systemctl --version | head -n 1; systemd-analyze security --no-pager shop.service | tail -n 1"))
	s.Must(s.web.Reboot(t.Context()))
	s.answers(s.web, "http://127.0.0.1/health", string(light.At(1)))
}

// Ubuntu, as build server and web server in one: with a real release, by its own Erlang and Elixir.
func TestUbuntu(t *testing.T) {
	s := bareSite(t, "jammy", "git")
	s.publish("")
	inventory := s.inventoryWith(map[string]string{
		"hosts":              fmt.Sprintf("[web-servers]\n%s\n[build-servers]\n%[1]s\n", s.web.Addr),
		"slipway_repository": fmt.Sprintf("%q", s.project.URL), "slipway_git_key": fmt.Sprintf("%q", s.Read(s.lab.AdminKeyPath())),
		"slipway_git_known_hosts": s.gitKnownHosts(),
		"slipway_tls_port":        `"4443"`, "slipway_allow_console": "true", "slipway_environment": `{"GREETING": "from Ubuntu"}`,
	})
	s.ok(nil, "setup", "--check", "--inventory", inventory)
	s.ok(nil, "setup", "--inventory", inventory)
	s.ok([]string{"had nothing to change"}, "setup", "--inventory", inventory)

	deploy := func(version string) {
		r := s.ok([]string{"migrated to " + version + ", greeting from Ubuntu, cookie true"},
			"deploy", "--inventory", inventory, "--migrate", "--health-url", "http://127.0.0.1:4001/", "--release-id", s.build(version, "apxr/shop"))
		if strings.Contains(r.Stderr, "not as the setup phase") {
			t.Error("a host that was just set up differs")
		}
	}
	deploy("0.1.0")
	deploy("0.2.0")
	s.isSandboxed()
	s.ok(nil, "rollback", "--inventory", inventory, "--health-url", "http://127.0.0.1:4001/")
	s.Must(s.web.Reboot(t.Context()))
	s.answers(s.web, "http://127.0.0.1/", "shop 0.1.0 over gen_tcp, greeting from Ubuntu")
	t.Log(s.root(s.web, ". /etc/os-release; echo $PRETTY_NAME; systemctl --version | head -n 1; python3 --version; nft --version"))
}

// One machine for everything, which sets itself up and deploys to itself: with the Ansible and the Python of each
// distribution.
func TestTheMachineItself(t *testing.T) {
	for _, suite := range []string{"", "trixie", "noble", "resolute"} {
		t.Run(suite, func(t *testing.T) { setsItselfUp(t, suite) })
	}
}

func setsItselfUp(t *testing.T, suite string) {
	s := bareSite(t, suite)
	program, err := command.Program()
	s.Must(err)
	for from, to := range map[string]string{program: "usr/local/bin/slipway", s.inventoryWith(map[string]string{
		"hosts": "[web-servers]\nhere ansible_connection=local\n\n[build-servers]\nhere\n",
	}): "root/inventory"} {
		s.Tool("cp", "-r", from, filepath.Join(s.web.Root(), to))
	}
	s.root(s.web, "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ansible-core")
	t.Log(s.root(s.web, ". /etc/os-release; echo $PRETTY_NAME; ansible --version | head -n 1; python3 --version; systemctl --version | head -n 1"))
	s.root(s.web, "slipway setup --app apxr/shop --inventory /root/inventory --check >&2")
	s.root(s.web, "slipway setup --app apxr/shop --inventory /root/inventory >&2")
	again := s.root(s.web, "slipway setup --app apxr/shop --inventory /root/inventory 2>&1")
	if !strings.Contains(again, "had nothing to change") {
		t.Errorf("the second time: %s", again)
	}
	s.Must(light.Put(filepath.Join(s.web.Root(), "home/deploy"), light.Release{App: release.App{Org: "apxr", Name: "shop"}, ID: light.At(1)}))
	s.root(s.web, "chown -R deploy:deploy /home/deploy; cp -r /root/inventory /srv/inventory; chmod -R a+rX /srv/inventory")
	s.root(s.web, "runuser -u deploy -- slipway deploy --app apxr/shop --inventory /srv/inventory --build-host local --release-id "+string(light.At(1))+" --health-url http://127.0.0.1:4001/health >&2")
	s.answers(s.web, "http://127.0.0.1/health", string(light.At(1)))

	// Only setup needs what is in the vault.
	s.root(s.web, "umask 077; echo a-word >/root/word; ansible-vault encrypt --vault-password-file /root/word /srv/inventory/group_vars/all/elixir-release.yml >&2; chmod -R a+rX /srv/inventory")
	if said := s.root(s.web, "runuser -u deploy -- slipway releases --app apxr/shop --inventory /srv/inventory 2>&1"); !strings.Contains(said, string(light.At(1))) {
		t.Errorf("with a vault: %s", said)
	}
	again = s.root(s.web, "slipway setup --app apxr/shop --inventory /srv/inventory --vault-password-file /root/word 2>&1")
	if !strings.Contains(again, "had nothing to change") {
		t.Errorf("with a vault: %s", again)
	}
}

// A check is a page to read, and a project that the build server may not clone keeps no server from being ready.
func TestWhatASetupSays(t *testing.T) {
	s := bareSite(t, "", "git")
	s.publish("")
	inventory := s.inventoryWith(map[string]string{
		"hosts":              fmt.Sprintf("[web-servers]\n%s\n[build-servers]\n%[1]s\n", s.web.Addr),
		"slipway_repository": fmt.Sprintf("%q", s.project.URL), "slipway_git_known_hosts": s.gitKnownHosts(),
	})
	check := s.ok([]string{"would be changed", "would be installed: ", "  web_server    "}, "setup", "--check", "--inventory", inventory)
	if n := strings.Count(check.Said(), "\n"); n > 60 {
		t.Errorf("a check prints %d lines", n)
	}
	made := s.ok([]string{"notice: the project was not cloned to ~/src/shop: git@git.apxr.test: Permission denied (publickey)."}, "setup", "--inventory", inventory)
	if strings.Contains(made.Said(), "failed") {
		t.Errorf("something failed:\n%s", made.Said())
	}
}
