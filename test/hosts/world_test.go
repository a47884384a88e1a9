package hosts

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/light"
)

const (
	base   = "/opt/apxr/shop"
	unit   = "shop.service"
	health = "http://127.0.0.1:4001/health"
)

var shop = release.App{Org: "apxr", Name: "shop"}

// world is one host as new and a build server, which is this machine: home is
// where its artifacts are.
type world struct {
	*testing.T
	lab  *lab.Lab
	host *lab.Host
	home string
	// there: Slipway runs on the host itself, as deploy, for which the host is
	// local; it has no key and no known_hosts.
	there bool
}

// newWorld takes a host of the lab for a test, for as long as it runs. Tests on
// different hosts may run at the same time.
func newWorld(t *testing.T, host string) *world {
	t.Helper()
	l := labtest.Lab(t)
	w := &world{T: t, lab: l, host: l.Host(host), home: t.TempDir()}
	w.root("if [ -e /etc/systemd/system/" + unit + " ]; then systemctl stop " + unit + "; systemctl reset-failed " + unit + " 2>/dev/null; fi; rm -rf /opt/apxr")
	w.must(l.PrepareApp(t.Context(), lab.App{Org: shop.Org, Name: shop.Name, Port: 4001}, w.host))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// root runs a script as root on the host.
func (w *world) root(script string) string {
	w.Helper()
	out, err := w.host.Run(w.Context(), nil, "sh", "-c", script)
	w.must(err)
	return strings.TrimSpace(out)
}

// artifact makes the n-th release.
func (w *world) artifact(n int, way light.Way) release.ID {
	w.Helper()
	return w.put(light.Release{ID: light.At(n), Way: way})
}

func (w *world) put(r light.Release) release.ID {
	w.Helper()
	r.App = shop
	w.must(light.Put(w.home, r))
	if w.there {
		w.give(filepath.Join(w.home, "slipway"))
	}
	return r.ID
}

// command is the command line with what every verb needs; settings are more
// variables of its environment, as "NAME=value", the last one of a name counts.
func (w *world) command(settings []string, args ...string) *exec.Cmd {
	w.Helper()
	path, err := command.Program()
	w.must(err)
	cmd := exec.CommandContext(w.Context(), path, args...)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "USER=tester",
		"SLIPWAY_APP=apxr/shop", "SLIPWAY_BUILD_HOST=local", "SLIPWAY_HOSTS=" + w.host.Addr, "SLIPWAY_HEALTH_URL=" + health,
		"SLIPWAY_SETTLE=300ms", "SLIPWAY_HEALTH_TIMEOUT=10s", "SLIPWAY_WAIT_FOR_LOCK=0s",
		"SLIPWAY_SSH_KEY_FILE=" + w.lab.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE=" + w.lab.KnownHostsPath(),
	}, append(withoutBuildHost(args), settings...)...)
	return cmd
}

// withoutBuildHost is a setting for rollbacks, which then have nothing but the
// hosts; package fleet tries what they do with a build host.
func withoutBuildHost(args []string) []string {
	if args[0] == "rollback" {
		return []string{"SLIPWAY_BUILD_HOST="}
	}
	return nil
}

// run runs a verb; words are its arguments, or settings if they have NAME=value.
func (w *world) run(words ...string) command.Result {
	w.Helper()
	settings, args := split(words)
	began := time.Now()
	var r command.Result
	if w.there {
		r = w.begin(words...).wait().Result
	} else {
		var err error
		r, err = command.Run(w.command(settings, args...))
		w.must(err)
	}
	w.Logf("slipway %s: exit %d after %.1f s\n%s%s", strings.Join(args, " "), r.Code, time.Since(began).Seconds(), r.Stderr, r.Stdout)
	return r
}

// split tells settings from arguments.
func split(words []string) (settings, args []string) {
	for _, word := range words {
		if name, _, ok := strings.Cut(word, "="); ok && name == strings.ToUpper(name) && !strings.HasPrefix(name, "-") {
			settings = append(settings, word)
		} else {
			args = append(args, word)
		}
	}
	return settings, args
}

// ok fails the test unless the run succeeds.
func (w *world) ok(words ...string) string {
	w.Helper()
	r := w.run(words...)
	if r.Code != 0 {
		w.Fatalf("exit %d", r.Code)
	}
	return strings.TrimSpace(r.Stdout)
}

// red checks that a run fails with this exit status and says each of these.
func (w *world) red(code int, r command.Result, words ...string) {
	w.Helper()
	if r.Code != code {
		w.Errorf("exit %d, want %d", r.Code, code)
	}
	for _, word := range words {
		if !strings.Contains(r.Stdout+r.Stderr, word) {
			w.Errorf("it does not say %q:\n%s%s", word, r.Stderr, r.Stdout)
		}
	}
}

// deploy makes the n-th release, a good one, and deploys it.
func (w *world) deploy(n int, words ...string) release.ID {
	w.Helper()
	id := w.artifact(n, light.Way{})
	w.ok(append([]string{"deploy", "--release-id", string(id)}, words...)...)
	return id
}

// answer is what the application says to the host itself.
type answer struct{ Status, Release, Greeting, Host string }

func (w *world) answer() (a answer) {
	w.Helper()
	w.must(json.Unmarshal([]byte(w.root("curl --silent --show-error --max-time 5 "+health)), &a))
	return a
}

// runs checks link, process and answer of the host.
func (w *world) runs(id release.ID) {
	w.Helper()
	got := strings.Split(w.root(fmt.Sprintf(`cd %s && readlink -f current; systemctl is-active %s; curl --silent --show-error --max-time 5 %s; echo
		ls -d releases/*.part .slipway/change .slipway/scratch .slipway/back current.new launch.new next 2>/dev/null || true`, base, unit, health)), "\n")
	if want := base + "/releases/" + string(id); got[0] != want {
		w.Errorf("current is %s, want %s", got[0], want)
	}
	if got[1] != "active" {
		w.Errorf("the unit is %s", got[1])
	}
	var a answer
	if err := json.Unmarshal([]byte(got[2]), &a); err != nil || a.Release != string(id) {
		w.Errorf("%q answers, want %s", got[2], id)
	}
	if len(got) > 3 {
		w.Errorf("left over: %s", got[3:])
	}
}

// state is everything that a refused run must leave as it was: every file with
// its content, the unit and its process.
func (w *world) state() string {
	w.Helper()
	return w.root(fmt.Sprintf(`cd / && find opt/apxr etc/systemd/system/%[1]s -not -path '*/.slipway/lock' -not -path '*/.slipway/critical' -printf '%%p %%y %%m %%u %%g %%l\n' | sort
		find opt/apxr -type f -not -path '*/.slipway/lock' -not -path '*/.slipway/critical' -exec sha256sum {} + | sort
		systemctl show --property=MainPID,NRestarts,ActiveState,SubState,InvocationID,Result %[1]s`, unit))
}
