//go:build full

package setup

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// A server that setup made for a release of rebar3: the unit starts it by foreground, the node has the name and the cookie
// of setup, and people look inside by console and rpc.
func TestAServerForAReleaseOfRebar3(t *testing.T) {
	s := bareSite(t, "", "git")
	files := sample.Rebar("shop", "", "")
	files["config/vm.args.src"] = "-name ${RELEASE_NODE}\n-setcookie ${RELEASE_COOKIE}\n-noinput\n"
	files["rebar.config"] = strings.Replace(files["rebar.config"], `{vm_args, "config/vm.args"}`, `{vm_args_src, "config/vm.args.src"}`, 1)
	p, err := sample.PublishTree(t.Context(), s.lab, filepath.Join(s.Home, "project"), "shop", files)
	s.Must(err)
	s.project = p
	inventory := s.inventoryWith(map[string]string{
		"hosts":                fmt.Sprintf("[web-servers]\n%s\n[build-servers]\n%[1]s\n", s.web.Addr),
		"slipway_release_tool": "rebar3", "slipway_allow_console": "true", "slipway_build_packages": `["rebar3"]`,
		"slipway_git_key": fmt.Sprintf("%q", s.Read(s.lab.AdminKeyPath())), "slipway_git_known_hosts": s.gitKnownHosts(),
	})
	s.ok(nil, "setup", "--inventory", inventory)
	s.ok([]string{"had nothing to change"}, "setup", "--inventory", inventory)

	deploy := func(revision string) {
		id := strings.TrimSpace(s.ok(nil, "build-release", "--app", "apxr/shop", "--inventory", inventory, "--repository", p.URL, "--revision", revision).Stdout)
		s.ok(nil, "deploy", "--inventory", inventory, "--release-id", id)
	}
	deploy("main")
	s.Must(p.Replace("rebar.config", `"0.1.0"`, `"0.2.0"`))
	second, err := p.Push(t.Context(), "0.2.0")
	s.Must(err)
	deploy(second)

	version := func() string {
		s.Helper()
		return s.ok(nil, "rpc", s.web.Addr, "[V || {\"shop\", V, _, permanent} <- release_handler:which_releases()].").Stdout
	}
	if got := version(); !strings.Contains(got, `["0.2.0"]`) {
		t.Errorf("rpc says %q", got)
	}
	s.red(64, []string{"a release of rebar3 evaluates in the running node alone: use rpc"}, "eval", s.web.Addr, "ok.")
	s.typed(s.Command("console", s.web.Addr), "(shop@127.0.0.1)1>", "node().\r", "'shop@127.0.0.1'", "\x07", "-->", "q\r")
	s.ok([]string{"shop"}, "logs", s.web.Addr, "--follow=false")

	s.ok(nil, "rollback", "--inventory", inventory)
	if got := version(); !strings.Contains(got, `["0.1.0"]`) {
		t.Errorf("after the rollback, rpc says %q", got)
	}
}
