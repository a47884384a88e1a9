package world

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/light"
)

// The application of a World, and its place on a host.
const (
	Base   = "/opt/apxr/shop"
	Unit   = "shop.service"
	Port   = 4001
	Health = "http://127.0.0.1:4001/health"
)

// Shop is the application of a World.
var Shop = release.App{Org: "apxr", Name: "shop"}

// World is an application that was not deployed yet, some hosts of a lab, and a
// person who deploys it. The build server is this machine: its artifacts are
// below the person's home.
type World struct {
	Person
	Lab   *lab.Lab
	Hosts []*lab.Host
}

// New reserves hosts of the lab for a test until it ends. Tests on different
// hosts may run at the same time.
func New(t *testing.T, hosts ...string) *World {
	t.Helper()
	l := labtest.Lab(t)
	w := &World{Person: Person{T: T{t}, Home: t.TempDir()}, Lab: l}
	for _, name := range hosts {
		w.Hosts = append(w.Hosts, l.Host(name))
	}
	w.Everywhere("if [ -e /etc/systemd/system/" + Unit + " ]; then systemctl stop " + Unit + "; systemctl reset-failed " + Unit + " 2>/dev/null; fi; rm -rf /opt/apxr")
	w.Must(l.PrepareApp(t.Context(), lab.App{Org: Shop.Org, Name: Shop.Name, Port: Port}, w.Hosts...))
	w.Settings = append(settings(), "SLIPWAY_HOSTS="+w.Addrs(w.Hosts...), "SLIPWAY_SSH_KEY_FILE="+l.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE="+l.KnownHostsPath())
	return w
}

func settings() []string {
	return []string{
		"SLIPWAY_APP=" + Shop.String(), "SLIPWAY_BUILD_HOST=local", "SLIPWAY_HEALTH_URL=" + Health,
		"SLIPWAY_SETTLE=300ms", "SLIPWAY_HEALTH_TIMEOUT=60s",
	}
}

// OnItself returns the same world with a person who works on the first host.
// That host is local for them: they have no key and no known_hosts.
func (w *World) OnItself() *World {
	w.Helper()
	v := *w
	v.On, v.Hosts = w.Hosts[0], w.Hosts[:1]
	v.Home = v.deployHome()
	v.Settings = append(settings(), "SLIPWAY_HOSTS=local")
	v.Root(v.On, "rm -rf /home/deploy/slipway")
	return &v
}

// Root runs a script as root on a host and returns its output without
// surrounding blanks.
func (w *World) Root(h *lab.Host, script string) string {
	w.Helper()
	out, err := h.Run(w.Context(), nil, "sh", "-c", script)
	w.Must(err)
	return strings.TrimSpace(out)
}

// Everywhere runs a script as root on all hosts and returns the outputs by the
// names of the hosts.
func (w *World) Everywhere(script string) map[string]string {
	w.Helper()
	said := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, h := range w.Hosts {
		all.Go(func() {
			out, err := h.Run(w.Context(), nil, "sh", "-c", script)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				w.Errorf("%s: %v", h.Name, err)
			}
			said[h.Name] = strings.TrimSpace(out)
		})
	}
	all.Wait()
	return said
}

// Addrs lists addresses in the form of the setting hosts.
func (w *World) Addrs(hosts ...*lab.Host) string {
	var addrs []string
	for _, h := range hosts {
		addrs = append(addrs, h.Addr)
	}
	return strings.Join(addrs, " ")
}

// Artifact makes the n-th release, which behaves as way says.
func (w *World) Artifact(n int, way light.Way) release.ID {
	w.Helper()
	return w.Put(light.Release{ID: light.At(n), Way: way})
}

// Put makes a release.
func (w *World) Put(r light.Release) release.ID {
	w.Helper()
	r.App = Shop
	w.Must(light.Put(w.Home, r))
	if w.On != nil {
		w.Give(filepath.Join(w.Home, "slipway"))
	}
	return r.ID
}

// DeployOf returns the words that deploy a release, followed by more words.
func DeployOf(id release.ID, words ...string) []string {
	return append([]string{"deploy", "--release-id", string(id)}, words...)
}

// Deploy makes the n-th release, a good one, and deploys it.
func (w *World) Deploy(n int, words ...string) release.ID {
	w.Helper()
	id := w.Artifact(n, light.Way{})
	w.OK(DeployOf(id, words...)...)
	return id
}

// Answer is the application's answer on its health URL.
type Answer struct{ Status, Release, Greeting, Host string }

// Answer asks the application on a host, from the host itself.
func (w *World) Answer(h *lab.Host) (a Answer) {
	w.Helper()
	w.Must(json.Unmarshal([]byte(w.Root(h, "curl --silent --show-error --max-time 30 "+Health)), &a))
	return a
}

// look prints what a host runs, and what runs have left behind.
var look = fmt.Sprintf(`cd %s && readlink -f current; systemctl is-active %s
curl --silent --show-error --max-time 30 %s | grep -o '"release": "[^"]*"'
ls -d releases/*.part .slipway/change .slipway/scratch* .slipway/back current.new launch.new next 2>/dev/null; true`, Base, Unit, Health)

// Runs checks that all hosts run a release: link, unit and answer. It also
// checks that no run has left anything behind. The hosts named in other run
// another release.
func (w *World) Runs(id release.ID, other map[string]release.ID) {
	w.Helper()
	for name, got := range w.Everywhere(look) {
		want := id
		if its, ok := other[name]; ok {
			want = its
		}
		if expected := fmt.Sprintf("%s/releases/%[2]s\nactive\n\"release\": \"%[2]s\"", Base, want); got != expected {
			w.Errorf("%s: got\n%s\nwant\n%s", name, got, expected)
		}
	}
}

// state prints everything that a refused run must not change: every file with
// its content, the unit and its process.
var state = fmt.Sprintf(`cd / && find opt/apxr etc/systemd/system/%[1]s -not -path '*/.slipway/lock' -not -path '*/.slipway/critical' -not -path '*/.slipway/fence' -printf '%%p %%y %%m %%u %%g %%l\n' | sort
find opt/apxr -type f -not -path '*/.slipway/lock' -not -path '*/.slipway/critical' -not -path '*/.slipway/fence' -exec sha256sum {} + | sort
systemctl show --property=MainPID,NRestarts,ActiveState,SubState,InvocationID,Result %[1]s`, Unit)

// State returns everything on the hosts that a refused run must not change.
func (w *World) State() map[string]string {
	w.Helper()
	return w.Everywhere(state)
}

// Same checks that the hosts are in the same state as before.
func (w *World) Same(before map[string]string) {
	w.Helper()
	for name, now := range w.State() {
		if now != before[name] {
			w.Errorf("%s is not as it was:\n%s\nbefore:\n%s", name, now, before[name])
		}
	}
}

// History returns the changes in a host's history, oldest first.
func (w *World) History(h *lab.Host) (changes []release.Change) {
	w.Helper()
	for line := range strings.Lines(w.Root(h, "cat "+Base+"/.slipway/history.jsonl")) {
		var c release.Change
		w.Must(json.Unmarshal([]byte(line), &c))
		changes = append(changes, c)
	}
	return changes
}

// In returns the same world for a subtest.
func (w *World) In(t *testing.T) *World {
	v := *w
	v.T = T{t}
	return &v
}

// Aged waits until the unit's process has reached this age on all hosts. A
// restart first lets a young process finish booting, and tests must not measure
// that time.
func (w *World) Aged(age time.Duration) {
	w.Helper()
	w.Everywhere(fmt.Sprintf(`started=$(systemctl show --property=ExecMainStartTimestampMonotonic --value %s)
		sleep "$(awk -v started="$started" '{ rest = %f - ($1 - started / 1000000); print (rest > 0 ? rest : 0) }' /proc/uptime)"`, Unit, age.Seconds()))
}
