package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/world"
)

// site is a team's servers, and somebody of the team at the command line.
type site struct {
	world.Person
	*team
}

// stage is a state that the first test that needs it brings about.
type stage struct {
	once    sync.Once
	reached bool
}

func (g *stage) reach(t world.T, do func()) {
	t.Helper()
	g.once.Do(func() {
		do()
		g.reached = true
	})
	if !g.reached {
		t.Fatal("the test that needed it first could not bring it about")
	}
}

var (
	founding stage
	ours     *team
)

// newSite is the team with its servers as they are.
func newSite(t *testing.T) *site {
	t.Helper()
	l := labtest.Lab(t)
	home := filepath.Join(l.Dir(), "team") // which goes with the lab
	founding.reach(world.T{T: t}, func() {
		ours = &team{lab: l, web: l.Host("bare1"), builder: l.Host("bare2"), client: l.Host("git")}
		s := newSiteOf(t, ours, home)
		s.Must(os.Mkdir(home, 0o700))
		s.found()
	})
	return newSiteOf(t, ours, home)
}

func newSiteOf(t *testing.T, of *team, home string) *site {
	s := &site{world.Person{T: world.T{T: t}, Home: home}, of}
	s.Settings = []string{"SLIPWAY_APP=apxr/shop", "SLIPWAY_KNOWN_HOSTS_FILE=" + of.lab.KnownHostsPath()}
	s.ForVerb = func(verb string) []string {
		if verb == "setup" {
			return []string{"SLIPWAY_SETUP_KEY_FILE=" + of.lab.AdminKeyPath()}
		}
		return []string{"SLIPWAY_SSH_KEY_FILE=" + of.lab.DeployKeyPath(), "SLIPWAY_HEALTH_TIMEOUT=60s", "SLIPWAY_SETTLE=500ms"}
	}
	return s
}

// readySite is the team with servers that one run of setup has made of bare ones,
// and another application on the web server.
func readySite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.team.ready.reach(s.T, func() {
		s.inventory, s.stall = s.inventoryWith(nil), s.inventoryWith(s.ofStall())
		if s.lab.FromSaved() {
			return
		}
		s.ok(nil, "setup", "--inventory", s.inventory)
		s.ok(nil, "setup", "--app", "apxr/stall", "--inventory", s.stall)
		for _, h := range []*lab.Host{s.web, s.builder} {
			s.root(h, "apt-get clean") // half of what would be saved
		}
		s.Must(s.lab.Save(t.Context()))
	})
	return s
}

// inventoryWith writes the team's inventory, with some variables changed, and
// returns its directory. An empty value takes a variable away.
func (s *site) inventoryWith(changes map[string]string) string {
	s.Helper()
	dir, err := os.MkdirTemp(s.Home, "inventory-")
	s.Must(err)
	hosts := fmt.Sprintf("[web-servers]\n%s\n%s\n\n[build-servers]\n%[2]s\n", s.web.Addr, s.builder.Addr)
	vars := maps.Clone(s.vars)
	maps.Copy(vars, changes)
	var text strings.Builder
	for name, value := range vars {
		if name == "hosts" {
			hosts = value
		} else if value != "" {
			fmt.Fprintf(&text, "%s: %s\n", name, value)
		}
	}
	s.Must(os.MkdirAll(filepath.Join(dir, "group_vars", "all"), 0o755))
	s.Must(os.WriteFile(filepath.Join(dir, "hosts"), []byte(hosts), 0o644))
	s.Must(os.WriteFile(filepath.Join(dir, "group_vars", "all", "elixir-release.yml"), []byte(text.String()), 0o600))
	return dir
}

// ok runs a verb that succeeds, and checks what it says.
func (s *site) ok(says []string, words ...string) command.Result {
	s.Helper()
	r := s.OK(words...)
	s.Says(r.Said(), says...)
	s.noSecret(r)
	return r
}

// red runs a verb that fails, and checks what it says.
func (s *site) red(code int, says []string, words ...string) {
	s.Helper()
	s.noSecret(s.Refused(code, says, words...))
}

func (s *site) noSecret(r command.Result) {
	s.Helper()
	if strings.Contains(r.Said(), cookie) {
		s.Error("it shows the cookie")
	}
}

// root runs a script as root on a host.
func (s *site) root(h *lab.Host, script string) string {
	s.Helper()
	out, err := h.Run(s.Context(), nil, "sh", "-c", script)
	s.Must(err)
	return strings.TrimSpace(out)
}

// as runs a command line as a person who logs in with the key of that name.
func (s *site) as(user, key string, h *lab.Host, line string) (string, error) {
	s.Helper()
	path := s.kept(key)
	if key == "deploy" {
		path = s.lab.DeployKeyPath()
	}
	cmd := exec.CommandContext(s.Context(), "ssh", "-F", "/dev/null", "-i", path, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes",
		"-o", "UserKnownHostsFile="+s.lab.KnownHostsPath(), "-o", "ConnectTimeout=60", user+"@"+h.Addr, line)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// deploy runs a line as the deploy user.
func (s *site) deploy(h *lab.Host, line string) (string, error) {
	s.Helper()
	return s.as("deploy", "deploy", h, line)
}

// get asks URLs on a host and returns the answers, or why there is none. A bare
// host has Python and no curl.
func (s *site) get(h *lab.Host, urls ...string) (answers map[string]string) {
	s.Helper()
	const ask = `import json, ssl, sys, urllib.request
def get(url):
    try: return urllib.request.urlopen(url, timeout=10, context=ssl._create_unverified_context()).read().decode()
    except Exception as e: return "failed: %s" % e
json.dump({url: get(url) for url in sys.argv[1:]}, sys.stdout)`
	out, err := h.Run(s.Context(), nil, append([]string{"python3", "-c", ask}, urls...)...)
	s.Must(err)
	s.Must(json.Unmarshal([]byte(out), &answers))
	return answers
}

// answers waits until a URL answers on a host with a text.
func (s *site) answers(h *lab.Host, url, want string) {
	s.Helper()
	s.Until(url+" to answer "+want, func() bool { return strings.Contains(s.get(h, url)[url], want) })
}
