package fleet

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
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

// world is a fleet as new and a build server, which is this machine: home is
// where its artifacts are.
type world struct {
	*testing.T
	lab   *lab.Lab
	hosts []*lab.Host
	home  string
}

// eight is for what needs so many hosts.
func eight(t *testing.T) *world { t.Helper(); return newWorld(t, 8) }

// four is for what does not.
func four(t *testing.T) *world { t.Helper(); return newWorld(t, 4) }

func newWorld(t *testing.T, hosts int) *world {
	t.Helper()
	w := &world{T: t, lab: labtest.Lab(t), home: t.TempDir()}
	w.hosts = w.lab.WebHosts()[:hosts]
	w.everywhere("if [ -e /etc/systemd/system/" + unit + " ]; then systemctl stop " + unit + "; systemctl reset-failed " + unit + " 2>/dev/null; fi; rm -rf /opt/apxr")
	w.must(w.lab.PrepareApp(t.Context(), lab.App{Org: shop.Org, Name: shop.Name, Port: 4001}, w.hosts...))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// root runs a script as root on a host.
func (w *world) root(h *lab.Host, script string) string {
	w.Helper()
	out, err := h.Run(w.Context(), nil, "sh", "-c", script)
	w.must(err)
	return strings.TrimSpace(out)
}

// everywhere runs a script as root on all hosts, and returns what each says.
func (w *world) everywhere(script string) map[string]string {
	w.Helper()
	said := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, h := range w.hosts {
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

// artifact makes the n-th release.
func (w *world) artifact(n int, way light.Way) release.ID {
	w.Helper()
	id := light.At(n)
	w.must(light.Put(w.home, light.Release{App: shop, ID: id, Way: way}))
	return id
}

// web lists the addresses of the first n hosts.
func (w *world) web(n int) string {
	var addrs []string
	for _, h := range w.hosts[:n] {
		addrs = append(addrs, h.Addr)
	}
	return strings.Join(addrs, " ")
}

func (w *world) addr(name string) string { return w.lab.Host(name).Addr }

// command is the command line with what every verb needs; words with NAME=value
// are settings, the others arguments.
func (w *world) command(words ...string) *exec.Cmd {
	w.Helper()
	path, err := command.Program()
	w.must(err)
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "USER=tester",
		"SLIPWAY_APP=apxr/shop", "SLIPWAY_BUILD_HOST=local", "SLIPWAY_HOSTS=" + w.web(len(w.hosts)), "SLIPWAY_HEALTH_URL=" + health,
		"SLIPWAY_SETTLE=300ms", "SLIPWAY_HEALTH_TIMEOUT=30s", "SLIPWAY_MAX_PARALLEL=3",
		"SLIPWAY_SSH_KEY_FILE=" + w.lab.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE=" + w.lab.KnownHostsPath(),
	}
	var args []string
	for _, word := range words {
		if name, _, ok := strings.Cut(word, "="); ok && name == strings.ToUpper(name) {
			env = append(env, word)
		} else {
			args = append(args, word)
		}
	}
	cmd := exec.CommandContext(w.Context(), path, args...)
	cmd.Env = env
	return cmd
}

func (w *world) run(words ...string) command.Result {
	w.Helper()
	began := time.Now()
	r, err := command.Run(w.command(words...))
	w.must(err)
	w.Logf("slipway %s: exit %d after %.1f s\n%s%s", strings.Join(words, " "), r.Code, time.Since(began).Seconds(), r.Stderr, r.Stdout)
	return r
}

func (w *world) ok(words ...string) string {
	w.Helper()
	r := w.run(words...)
	if r.Code != 0 {
		w.Fatalf("exit %d", r.Code)
	}
	return r.Stdout + r.Stderr
}

// red checks that a run fails and says each of these.
func (w *world) red(code int, r command.Result, says ...string) {
	w.Helper()
	if r.Code != code {
		w.Errorf("exit %d, want %d", r.Code, code)
	}
	w.says(r.Stdout+r.Stderr, says...)
}

func (w *world) says(output string, words ...string) {
	w.Helper()
	for _, word := range words {
		if !regexp.MustCompile(word).MatchString(output) {
			w.Errorf("it does not say %q:\n%s", word, output)
		}
	}
}

// deploy makes the n-th release, a good one, and deploys it everywhere.
func (w *world) deploy(n int, words ...string) release.ID {
	w.Helper()
	id := w.artifact(n, light.Way{})
	w.ok(append([]string{"deploy", "--release-id", string(id), "SLIPWAY_MAX_PARALLEL=8"}, words...)...)
	return id
}

// run checks that all hosts but the named ones run a release: link, process,
// answer; and that nothing is left of any run. Those that are named run another.
func (w *world) everyHostRuns(id release.ID, other map[string]release.ID) {
	w.Helper()
	said := w.everywhere(fmt.Sprintf(`cd %s && readlink -f current; systemctl is-active %s; curl --silent --max-time 5 %s | grep -o '"release": "[^"]*"'
		ls -d releases/*.part .slipway/change .slipway/scratch .slipway/back current.new launch.new next 2>/dev/null`, base, unit, health) + "; true")
	for name, got := range said {
		want := id
		if its, ok := other[name]; ok {
			want = its
		}
		if expected := fmt.Sprintf("%s/releases/%[2]s\nactive\n\"release\": \"%[2]s\"", base, want); got != expected {
			w.Errorf("%s: got\n%s\nwant\n%s", name, got, expected)
		}
	}
}

// outcomes is the table of a run: what became of each host, by its name.
func (w *world) outcomes(output string) map[string]string {
	became := map[string]string{}
	for _, h := range w.hosts {
		row := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(h.Addr) + ` +(\S+(?: \S+)*)  `).FindStringSubmatch(output)
		if row != nil {
			became[h.Name] = row[1]
		}
	}
	return became
}
