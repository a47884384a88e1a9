package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/sample"
)

// world is a lab whose web hosts are as new, with the sample application in a
// repository. The build host keeps its state, as build hosts do.
type world struct {
	*testing.T
	lab     *lab.Lab
	project *sample.Project
}

func newWorld(t *testing.T) *world {
	t.Helper()
	l := labtest.Lab(t)
	w := &world{T: t, lab: l}
	for _, h := range l.WebHosts() {
		w.root(h, "if [ -e /etc/systemd/system/apxr_io.service ]; then systemctl stop apxr_io; fi; rm -rf /opt/apxr")
	}
	w.must(l.PrepareApp(t.Context(), lab.App{Org: "apxr", Name: "apxr_io", Port: sample.Port}))
	var err error
	w.project, err = sample.Publish(t.Context(), l, t.TempDir())
	w.must(err)
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

func (w *world) push(message string) (revision string) {
	w.Helper()
	revision, err := w.project.Push(w.Context(), message)
	w.must(err)
	return revision
}

func (w *world) web() string { return sample.WebHosts(w.lab) }

// command is the command line with what every verb needs.
func (w *world) command(args ...string) *exec.Cmd {
	w.Helper()
	path, err := command.Program()
	w.must(err)
	cmd := exec.CommandContext(w.Context(), path, args...)
	cmd.Env = append(os.Environ(), "USER=tester", "SLIPWAY_SETTLE=500ms")
	cmd.Env = append(cmd.Env, sample.Settings(w.lab)...)
	return cmd
}

func (w *world) slipway(args ...string) command.Result {
	w.Helper()
	r, err := command.Run(w.command(args...))
	w.must(err)
	w.Logf("slipway %s: exit %d\n%s%s", strings.Join(args, " "), r.Code, r.Stderr, r.Stdout)
	return r
}

// ok runs the command line and fails the test unless it succeeds.
func (w *world) ok(args ...string) string {
	w.Helper()
	r := w.slipway(args...)
	if r.Code != 0 {
		w.Fatalf("slipway %s: exit %d", strings.Join(args, " "), r.Code)
	}
	return strings.TrimSpace(r.Stdout)
}

// built remembers the artifacts of the commits that were built: a commit of the
// same files is the same commit.
var built = map[string]string{}

// build pushes the developer's files as they are and builds them.
func (w *world) build(message string) (id, revision string) {
	w.Helper()
	revision = w.push(message)
	if built[revision] == "" {
		built[revision] = w.ok("build-release", "--revision", revision)
	}
	return built[revision], revision
}

// release builds the developer's files as they are and deploys them.
func (w *world) release(message string) (id, revision string) {
	w.Helper()
	id, revision = w.build(message)
	w.ok("deploy", "--release-id", id)
	return id, revision
}

func (w *world) read(path string) string {
	w.Helper()
	data, err := os.ReadFile(path)
	w.must(err)
	return string(data)
}

// health is what the application answers to somebody outside of the host.
type health struct{ Status, Version, Revision string }

func (w *world) health(h *lab.Host) health {
	w.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(fmt.Sprintf("http://%s:%d/health", h.Addr, sample.Port))
	w.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	w.must(err)
	var answer health
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK {
		w.Fatalf("%s answers %s: %s", h.Name, resp.Status, body)
	}
	return answer
}

// running is the release directory that the unit's main process was started
// from, as root sees it on the host.
func (w *world) running(h *lab.Host) string {
	w.Helper()
	return w.root(h, `set +e; tr '\0' '\n' <"/proc/$(systemctl show --property=MainPID --value apxr_io)/cmdline" | grep -om1 'releases/[0-9]*T[0-9]*' | cut -d/ -f2`)
}

// everyHostRuns checks link, process and answer of every web host.
func (w *world) everyHostRuns(id, version, revision string) {
	w.Helper()
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "readlink /opt/apxr/apxr_io/current"); got != "releases/"+id {
			w.Errorf("%s: current is %s, want %s", h.Name, got, id)
		}
		if got := w.running(h); got != id {
			w.Errorf("%s: the process is of release %s, want %s", h.Name, got, id)
		}
		if got := w.health(h); got.Version != version || got.Revision != revision {
			w.Errorf("%s: /health says %+v, want version %s of %s", h.Name, got, version, revision)
		}
	}
}

// nothingLeft checks that no run has left anything half done on a web host.
func (w *world) nothingLeft() {
	w.Helper()
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "cd /opt/apxr/apxr_io && ls -d releases/*.part .slipway/change .slipway/back current.new 2>/dev/null || true"); got != "" {
			w.Errorf("%s: left over: %s", h.Name, got)
		}
	}
}

func (w *world) waitFor(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(deadline) {
			w.Fatalf("waited for a minute for %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
