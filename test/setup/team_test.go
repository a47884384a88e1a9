package setup

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/managers"
	"github.com/apxr/slipway/test/sample"
)

const cookie = "a-cookie-that-nobody-may-read-4711"

// people who have a key each, and what they are.
var people = []string{"alice", "bob", "mallory"} // admin, deployer, nobody

// team are some people, their project and their servers.
type team struct {
	lab          *lab.Lab
	web, builder *lab.Host
	client       *lab.Host // another server of the network
	project      *sample.Project
	vars         map[string]string // of the inventory, as YAML values

	ready, deployed stage
	inventory       string // that the servers were made ready with
	stall           string // likewise, of the other application
	first           string // the release that runs
	said            string // by its deploy
}

// kept is a file that the team has for as long as its servers.
func (s *site) kept(name string) string { return filepath.Join(s.lab.KeptDir(), name) }

// found makes what the team needs before there is any server.
func (s *site) found() {
	s.Helper()
	if !s.lab.FromSaved() {
		s.makeKeys()
		s.Must(managers.PublishPlugins(s.Context(), s.lab))
	}
	s.publish("erlang 25.2.3\nelixir 1.14.0\n")
	s.vars = s.variables()
}

// makeKeys makes everybody's key, and the application's with its certificate.
func (s *site) makeKeys() {
	s.Helper()
	for _, name := range people {
		s.Tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", s.kept(name))
	}
	cert, key := s.certificate()
	s.Must(os.WriteFile(s.kept("cert.pem"), []byte(cert), 0o600))
	s.Must(os.WriteFile(s.kept("key.pem"), []byte(key), 0o600))
}

// publish puts the project on the git host.
func (s *site) publish(toolVersions string) {
	s.Helper()
	files := map[string]string{"VERSION": "0.1.0\n", "mix.lock": "%{}\n", "priv/cert.pem": s.Read(s.kept("cert.pem")), "priv/key.pem": s.Read(s.kept("key.pem"))}
	if toolVersions != "" {
		files[".tool-versions"] = toolVersions
	}
	app := os.DirFS(filepath.Join(sample.Root(), "test/setup/app"))
	s.Must(fs.WalkDir(app, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(app, path)
		files[path] = string(data)
		return err
	}))
	var err error
	s.project, err = sample.PublishTree(s.Context(), s.lab, filepath.Join(s.Home, "project"), "shop", files)
	s.Must(err)
}

// variables are what the team says of its servers.
func (s *site) variables() map[string]string {
	s.Helper()
	vars := s.onWebServers()
	maps.Copy(vars, s.onBuildServers())
	return vars
}

func (s *site) onWebServers() map[string]string {
	s.Helper()
	public := func(name string) string { return strings.TrimSpace(s.Read(s.kept(name + ".pub"))) }
	return map[string]string{
		"slipway_org": "apxr", "slipway_app": "shop",
		"slipway_users": fmt.Sprintf(`[{"name": "alice", "keys": [%q]}, {"name": "bob", "keys": [%q]}, {"name": "mallory", "keys": [%q]}]`,
			public("alice"), public("bob"), public("mallory")),
		"slipway_admins": `["alice"]`, "slipway_deployers": `["bob"]`, "slipway_deploy_keys": s.deployKey(),
		"slipway_tls_port": `"4443"`, "slipway_cookie": fmt.Sprintf("%q", cookie), "slipway_environment": `{"GREETING": "from the unit", "base": "theirs", "program": "theirs"}`,
		"slipway_eval_command": `'IO.puts("evaluated by #{Shop.Release.version()} #{System.get_env("GREETING")}")'`, "slipway_allow_console": "true",
		"slipway_restart_limit": "7", "slipway_firewall_default_deny": "true",
	}
}

func (s *site) deployKey() string {
	s.Helper()
	return fmt.Sprintf("[%q]", strings.TrimSpace(s.Read(s.lab.DeployKeyPath()+".pub")))
}

func (s *site) onBuildServers() map[string]string {
	s.Helper()
	mise, err := managers.MiseProgram(s.Context())
	s.Must(err)
	url, err := s.lab.Serve("mise", mise)
	s.Must(err)
	sum := strings.Fields(s.Tool("sha256sum", mise))[0]
	return map[string]string{
		"slipway_repository": fmt.Sprintf("%q", s.project.URL), "slipway_tool_manager": "mise",
		// The git host lets in whoever has the lab's key; here that is the deploy key of the project.
		"slipway_git_key":         fmt.Sprintf("%q", s.Read(s.lab.AdminKeyPath())),
		"slipway_git_known_hosts": s.gitKnownHosts(),
		"slipway_mise_url":        fmt.Sprintf("%q", url), "slipway_mise_checksum": fmt.Sprintf("%q", "sha256:"+sum),
		"slipway_tools":        `[{"name": "erlang", "version": "25.2.3"}, {"name": "elixir", "version": "1.14.0"}]`,
		"slipway_tool_plugins": fmt.Sprintf(`{"erlang": %q, "elixir": %q}`, managers.PluginURL(s.lab, "erlang"), managers.PluginURL(s.lab, "elixir")),
		// What the plugins of these tests "install" is what the distribution has.
		"slipway_build_packages": `["elixir", "erlang-nox", "erlang-dev"]`,
	}
}

// gitKnownHosts are the git host's keys by its name alone: its address is
// another one in another lab.
func (s *site) gitKnownHosts() string {
	s.Helper()
	var lines []string
	for line := range strings.Lines(s.Read(s.lab.KnownHostsPath())) {
		names, key, _ := strings.Cut(strings.TrimSpace(line), " ")
		if slices.Contains(strings.Split(names, ","), "git.apxr.test") {
			lines = append(lines, fmt.Sprintf("%q", "git.apxr.test "+key))
		}
	}
	return "[" + strings.Join(lines, ", ") + "]"
}

// ofStall are the variables of another application on the web server.
func (s *site) ofStall() map[string]string {
	return map[string]string{
		"hosts": "[web-servers]\n" + s.web.Addr + "\n", "slipway_app": "stall", "slipway_port": "4101", "slipway_tls_port": "", "slipway_redirects": "{8080: 4101}", "slipway_restart": "flag", "slipway_eval_command": "",
		"slipway_repository": "", "slipway_git_key": "", "slipway_git_known_hosts": "", "slipway_tool_manager": "", "slipway_mise_url": "", "slipway_mise_checksum": "",
		"slipway_tools": "", "slipway_tool_plugins": "", "slipway_build_packages": "", "slipway_migrate_command": `""`,
	}
}
