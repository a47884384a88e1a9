package setup

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/managers"
	"github.com/apxr/slipway/test/sample"
)

const cookie = "a-cookie-that-nobody-may-read-4711"

// world is a team with its servers.
type world struct {
	*testing.T
	*team
}

type team struct {
	lab          *lab.Lab
	web, builder *lab.Host
	client       *lab.Host // another server of the network
	dir          string
	project      *sample.Project
	vars         map[string]string // of the inventory, as YAML values
}

var (
	once sync.Once
	ours *team
)

func newWorld(t *testing.T) *world {
	t.Helper()
	l := labtest.Lab(t)
	once.Do(func() { ours = newTeam(t, l) })
	if ours == nil {
		t.Fatal("the world could not be made: see the first test")
	}
	return &world{t, ours}
}

func newTeam(t *testing.T, l *lab.Lab) *team {
	dir := filepath.Join(l.Dir(), "team") // which goes with the lab
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	made := &team{lab: l, web: l.Host("bare1"), builder: l.Host("bare2"), client: l.Host("web1"), dir: dir}
	w := &world{t, made}
	for _, name := range []string{"alice", "bob", "mallory"} {
		w.local("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", filepath.Join(dir, name))
	}
	w.publish("erlang 25.2.3\nelixir 1.14.0\n")
	made.vars = w.variables()
	return made
}

// publish puts the project and the plugins of its tools on the git host.
func (w *world) publish(toolVersions string) {
	files := map[string]string{"VERSION": "0.1.0\n", ".tool-versions": toolVersions, "mix.lock": "%{}\n"}
	if toolVersions == "" {
		delete(files, ".tool-versions")
	}
	app := os.DirFS(filepath.Join(sample.Root(), "test/setup/app"))
	w.must(fs.WalkDir(app, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(app, path)
		files[path] = string(data)
		return err
	}))
	files["priv/cert.pem"], files["priv/key.pem"] = w.certificate()
	var err error
	w.project, err = sample.PublishTree(w.Context(), w.lab, filepath.Join(w.dir, "project"), "shop", files)
	w.must(err)
	w.must(managers.PublishPlugins(w.Context(), w.lab))
}

// variables are what the team says of its servers.
func (w *world) variables() map[string]string {
	mise, err := managers.MiseProgram(w.Context())
	w.must(err)
	url, err := w.lab.Serve("mise", mise)
	w.must(err)
	sum := strings.Fields(w.local("sha256sum", mise))[0]
	// The git host lets in whoever has the lab's key; here that is the deploy key of the project.
	gitKey, err := os.ReadFile(w.lab.AdminKeyPath())
	w.must(err)
	known := w.local("sh", "-c", "grep '^git' "+w.lab.KnownHostsPath())
	key := func(name string) string { return strings.TrimSpace(w.read(name + ".pub")) }
	deployKey := w.local("ssh-keygen", "-y", "-f", w.lab.DeployKeyPath())
	return map[string]string{
		"slipway_org": "apxr", "slipway_app": "shop",
		"slipway_users": fmt.Sprintf(`[{"name": "alice", "keys": [%q]}, {"name": "bob", "keys": [%q]}, {"name": "mallory", "keys": [%q]}]`,
			key("alice"), key("bob"), key("mallory")),
		"slipway_admins": `["alice"]`, "slipway_deployers": `["bob"]`, "slipway_deploy_keys": fmt.Sprintf("[%q]", deployKey),
		"slipway_tls_port": `"4443"`, "slipway_cookie": fmt.Sprintf("%q", cookie), "slipway_environment": `{"GREETING": "from the unit"}`,
		"slipway_eval_command": `'IO.puts("evaluated by #{Shop.Release.version()} #{System.get_env("GREETING")}")'`, "slipway_allow_console": "true", "slipway_restart_limit": "7", "slipway_firewall_default_deny": "true",
		"slipway_repository": fmt.Sprintf("%q", w.project.URL), "slipway_git_key": fmt.Sprintf("%q", gitKey),
		"slipway_git_known_hosts": yamlList(known), "slipway_tool_manager": "mise",
		"slipway_mise_url": fmt.Sprintf("%q", url), "slipway_mise_checksum": fmt.Sprintf("%q", "sha256:"+sum),
		"slipway_tools":        `[{"name": "erlang", "version": "25.2.3"}, {"name": "elixir", "version": "1.14.0"}]`,
		"slipway_tool_plugins": fmt.Sprintf(`{"erlang": %q, "elixir": %q}`, managers.PluginURL(w.lab, "erlang"), managers.PluginURL(w.lab, "elixir")),
		// What the plugins of these tests "install" is what the distribution has.
		"slipway_build_packages": `["elixir", "erlang-nox", "erlang-dev"]`,
	}
}

func yamlList(lines string) string {
	var quoted []string
	for line := range strings.Lines(lines) {
		quoted = append(quoted, fmt.Sprintf("%q", strings.TrimSpace(line)))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// inventory writes the team's inventory, with some variables changed, and
// returns its directory. An empty value takes a variable away.
func (w *world) inventory(changes map[string]string) string {
	w.Helper()
	dir, err := os.MkdirTemp(w.dir, "inventory-")
	w.must(err)
	hosts := fmt.Sprintf("[web-servers]\n%s\n%s\n\n[build-servers]\n%[2]s\n", w.web.Addr, w.builder.Addr)
	vars := maps.Clone(w.vars)
	maps.Copy(vars, changes)
	var text strings.Builder
	for name, value := range vars {
		if name == "hosts" {
			hosts = value
		} else if value != "" {
			fmt.Fprintf(&text, "%s: %s\n", name, value)
		}
	}
	w.must(os.MkdirAll(filepath.Join(dir, "group_vars", "all"), 0o755))
	w.must(os.WriteFile(filepath.Join(dir, "hosts"), []byte(hosts), 0o644))
	w.must(os.WriteFile(filepath.Join(dir, "group_vars", "all", "elixir-release.yml"), []byte(text.String()), 0o600))
	return dir
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	w.must(err)
	return string(data)
}

// local runs a program on this machine.
func (w *world) local(name string, args ...string) string {
	w.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(w.Context(), name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.Fatalf("%s: %v: %s", name, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// slipway is the command line with what every verb needs, in the hands of
// somebody who may deploy.
func (w *world) slipway(args ...string) *exec.Cmd {
	w.Helper()
	path, err := command.Program()
	w.must(err)
	cmd := exec.CommandContext(w.Context(), path, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "USER=tester", "TERM=xterm",
		"SLIPWAY_APP=apxr/shop", "SLIPWAY_KNOWN_HOSTS_FILE=" + w.lab.KnownHostsPath(),
	}
	if args[0] == "setup" {
		cmd.Env = append(cmd.Env, "SLIPWAY_SETUP_KEY_FILE="+w.lab.AdminKeyPath())
	} else {
		cmd.Env = append(cmd.Env, "SLIPWAY_SSH_KEY_FILE="+w.lab.DeployKeyPath(), "SLIPWAY_HEALTH_TIMEOUT=20s", "SLIPWAY_SETTLE=500ms")
	}
	return cmd
}

// run runs a verb and checks its exit status and what it says.
func (w *world) run(code int, cmd *exec.Cmd, words ...string) command.Result {
	w.Helper()
	began := time.Now()
	r, err := command.Run(cmd)
	w.must(err)
	w.Logf("slipway %s: exit %d after %.1f s\n%s%s", strings.Join(cmd.Args[1:], " "), r.Code, time.Since(began).Seconds(), r.Stderr, r.Stdout)
	if r.Code != code {
		w.Fatalf("exit %d, want %d", r.Code, code)
	}
	for _, word := range words {
		if !strings.Contains(r.Stdout+r.Stderr, word) {
			w.Errorf("it does not say %q", word)
		}
	}
	if strings.Contains(r.Stdout+r.Stderr, cookie) {
		w.Error("it shows the cookie")
	}
	return r
}

// on runs a script on a host as root, or as another user with that one's key.
func (w *world) on(h *lab.Host, script string) string {
	w.Helper()
	out, err := h.Run(w.Context(), nil, "sh", "-c", script)
	w.must(err)
	return strings.TrimSpace(out)
}

// as runs a command line as a person who logs in with the key of that name.
func (w *world) as(user, key string, h *lab.Host, line string) (string, error) {
	w.Helper()
	path := filepath.Join(w.dir, key)
	if key == "deploy" {
		path = w.lab.DeployKeyPath()
	}
	cmd := exec.CommandContext(w.Context(), "ssh", "-F", "/dev/null", "-i", path, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "UserKnownHostsFile="+w.lab.KnownHostsPath(), "-o", "ConnectTimeout=10", user+"@"+h.Addr, line)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// deploy runs a line as the deploy user.
func (w *world) deploy(h *lab.Host, line string) (string, error) {
	w.Helper()
	return w.as("deploy", "deploy", h, line)
}

// get asks a URL on a host and returns the answer, or why there is none. A bare
// host has Python and no curl.
func (w *world) get(h *lab.Host, url string) string {
	w.Helper()
	return w.on(h, `python3 -c 'import ssl, sys, urllib.request
try: print(urllib.request.urlopen(sys.argv[1], timeout=3, context=ssl._create_unverified_context()).read().decode())
except Exception as e: print("failed:", e)' '`+url+`'`)
}

// answers waits until a URL answers on a host with a text.
func (w *world) answers(h *lab.Host, url, want string) {
	w.Helper()
	got := ""
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		if got = w.get(h, url); strings.Contains(got, want) {
			return
		}
	}
	w.Errorf("on %s, %s answers %q, want %q", h.Name, url, got, want)
}
