//go:build servers

// What "make servers" tries beside the story of the other tests: it takes minutes.

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

// bare is a lab of one bare host and some others, and what setup is told of it.
func bare(t *testing.T, suite string, others ...string) *world {
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
	w := &world{t, &team{lab: l, web: l.Host("bare1"), builder: l.Host("bare1"), dir: t.TempDir()}}
	w.local("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(w.dir, "alice"))
	w.vars = map[string]string{
		"hosts":       fmt.Sprintf("[web-servers]\n%s\n", w.web.Addr),
		"slipway_org": "apxr", "slipway_app": "shop", "slipway_cookie": fmt.Sprintf("%q", cookie), "slipway_firewall_default_deny": "true",
		"slipway_users":  fmt.Sprintf(`[{"name": "alice", "keys": [%q]}]`, strings.TrimSpace(w.read("alice.pub"))),
		"slipway_admins": `["alice"]`, "slipway_deploy_keys": fmt.Sprintf("[%q]", w.local("ssh-keygen", "-y", "-f", l.DeployKeyPath())),
	}
	return w
}

// The releases are light ones: a real one, built here, needs a newer glibc.
func TestAnOlderDistribution(t *testing.T) {
	w := bare(t, "bullseye")
	inventory := w.inventory(nil)
	w.run(0, w.slipway("setup", "--check", "--inventory", inventory))
	w.run(0, w.slipway("setup", "--inventory", inventory))
	w.run(0, w.slipway("setup", "--inventory", inventory), "had nothing to change")
	shop := release.App{Org: "apxr", Name: "shop"}
	for n := range 2 {
		w.must(light.Put(w.dir, light.Release{App: shop, ID: light.At(n + 1)}))
		r := w.run(0, w.slipway("deploy", "--inventory", inventory, "--build-host", "local", "--health-url", "http://127.0.0.1:4001/health", "--release-id", string(light.At(n+1))))
		if strings.Contains(r.Stderr, "not as the setup phase") {
			t.Error("a host that was just set up differs")
		}
	}
	w.run(0, w.slipway("rollback", "--inventory", inventory, "--health-url", "http://127.0.0.1:4001/health"))
	if got := w.get(w.web, "http://127.0.0.1/health"); !strings.Contains(got, string(light.At(1))) {
		t.Errorf("port 80 answers %q", got)
	}
	t.Log(w.on(w.web, "systemctl --version | head -n 1; systemd-analyze security --no-pager shop.service | tail -n 1"))
	w.must(w.web.Reboot(t.Context()))
	w.answers(w.web, "http://127.0.0.1/health", string(light.At(1)))
}

// Ubuntu, as build server and web server in one: with a real release, by its own Erlang and Elixir.
func TestUbuntu(t *testing.T) {
	w := bare(t, "jammy", "git")
	w.publish("")
	gitKey, err := os.ReadFile(w.lab.AdminKeyPath())
	w.must(err)
	inventory := w.inventory(map[string]string{
		"hosts":              fmt.Sprintf("[web-servers]\n%s\n[build-servers]\n%[1]s\n", w.web.Addr),
		"slipway_repository": fmt.Sprintf("%q", w.project.URL), "slipway_git_key": fmt.Sprintf("%q", gitKey),
		"slipway_git_known_hosts": yamlList(w.local("sh", "-c", "grep '^git' "+w.lab.KnownHostsPath())),
		"slipway_tls_port":        `"4443"`, "slipway_allow_console": "true", "slipway_environment": `{"GREETING": "from Ubuntu"}`,
	})
	w.run(0, w.slipway("setup", "--check", "--inventory", inventory))
	w.run(0, w.slipway("setup", "--inventory", inventory))
	w.run(0, w.slipway("setup", "--inventory", inventory), "had nothing to change")

	deploy := func(version string) {
		r := w.run(0, w.slipway("deploy", "--inventory", inventory, "--migrate", "--health-url", "http://127.0.0.1:4001/", "--release-id", w.release(version, "apxr/shop")),
			"migrated to "+version+", greeting from Ubuntu, cookie true")
		if strings.Contains(r.Stderr, "not as the setup phase") {
			t.Error("a host that was just set up differs")
		}
	}
	deploy("0.1.0")
	deploy("0.2.0")
	w.isSandboxed()
	w.run(0, w.slipway("rollback", "--inventory", inventory, "--health-url", "http://127.0.0.1:4001/"))
	w.must(w.web.Reboot(t.Context()))
	w.answers(w.web, "http://127.0.0.1/", "shop 0.1.0 over gen_tcp, greeting from Ubuntu")
	t.Log(w.on(w.web, ". /etc/os-release; echo $PRETTY_NAME; systemctl --version | head -n 1; python3 --version; nft --version"))
}

// One machine for everything, which sets itself up and deploys to itself.
func TestTheMachineItself(t *testing.T) {
	w := bare(t, "")
	program, err := command.Program()
	w.must(err)
	for from, to := range map[string]string{program: "usr/local/bin/slipway", w.inventory(map[string]string{
		"hosts": "[web-servers]\nhere ansible_connection=local\n\n[build-servers]\nhere\n",
	}): "root/inventory"} {
		w.local("cp", "-r", from, filepath.Join(w.web.Root(), to))
	}
	w.on(w.web, "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ansible-core")
	w.on(w.web, "slipway setup --app apxr/shop --inventory /root/inventory >&2")
	again := w.on(w.web, "slipway setup --app apxr/shop --inventory /root/inventory 2>&1")
	if !strings.Contains(again, "had nothing to change") {
		t.Errorf("the second time: %s", again)
	}
	w.must(light.Put(filepath.Join(w.web.Root(), "home/deploy"), light.Release{App: release.App{Org: "apxr", Name: "shop"}, ID: light.At(1)}))
	w.on(w.web, "chown -R deploy:deploy /home/deploy; cp -r /root/inventory /srv/inventory; chmod -R a+rX /srv/inventory")
	w.on(w.web, "runuser -u deploy -- slipway deploy --app apxr/shop --inventory /srv/inventory --build-host local --release-id "+string(light.At(1))+" --health-url http://127.0.0.1:4001/health >&2")
	w.answers(w.web, "http://127.0.0.1/health", string(light.At(1)))
}
