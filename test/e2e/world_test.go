package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/sample"
	"github.com/apxr/slipway/test/world"
)

const base = "/opt/apxr/apxr_io"

// site is a lab whose web hosts are as new, with the sample application in a
// repository. The build host keeps its state, as build hosts do.
type site struct {
	world.Person
	lab     *lab.Lab
	project *sample.Project
}

func newSite(t *testing.T) *site {
	t.Helper()
	l := labtest.Lab(t)
	w := &site{Person: world.Person{T: world.T{T: t}, Home: t.TempDir()}, lab: l}
	w.Settings = append(sample.Settings(l), "SLIPWAY_SETTLE=500ms", "SLIPWAY_HEALTH_TIMEOUT=2m")
	for _, h := range l.WebHosts() {
		w.root(h, "if [ -e /etc/systemd/system/apxr_io.service ]; then systemctl stop apxr_io; fi; rm -rf /opt/apxr")
	}
	w.Must(l.PrepareApp(t.Context(), lab.App{Org: "apxr", Name: "apxr_io", Port: sample.Port}))
	var err error
	w.project, err = sample.Publish(t.Context(), l, t.TempDir())
	w.Must(err)
	return w
}

// root runs a script as root on a host.
func (w *site) root(h *lab.Host, script string) string {
	w.Helper()
	out, err := h.Run(w.Context(), nil, "sh", "-c", script)
	w.Must(err)
	return strings.TrimSpace(out)
}

func (w *site) push(message string) (revision string) {
	w.Helper()
	revision, err := w.project.Push(w.Context(), message)
	w.Must(err)
	return revision
}

func (w *site) web() string { return sample.WebHosts(w.lab) }

// light puts the n-th light release onto the build host, in the place of one that
// was built there.
func (w *site) light(n int, revision string, way light.Way) string {
	w.Helper()
	home := filepath.Join(w.lab.Host("build").Root(), "home/deploy")
	w.Must(light.Put(home, light.Release{App: release.App{Org: "apxr", Name: "apxr_io"}, ID: light.At(n), Revision: revision, Way: way}))
	w.Tool("chown", "-R", "--reference="+home, filepath.Join(home, "slipway"))
	return string(light.At(n))
}

// health is what the application answers to somebody outside of the host. Light
// releases say which one they are, real ones what they were built from.
type health struct{ Version, Revision, Release string }

func (w *site) health(h *lab.Host) health {
	w.Helper()
	client := http.Client{Timeout: time.Minute}
	resp, err := client.Get(fmt.Sprintf("http://%s:%d/health", h.Addr, sample.Port))
	w.Must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	w.Must(err)
	var answer health
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK {
		w.Fatalf("%s answers %s: %s", h.Name, resp.Status, body)
	}
	return answer
}

// running returns the release directory that the unit's main process was started
// from, as root sees it on the host.
func (w *site) running(h *lab.Host) string {
	w.Helper()
	return w.root(h, `set +e; tr '\0' '\n' <"/proc/$(systemctl show --property=MainPID --value apxr_io)/cmdline" | grep -om1 'releases/[0-9]*T[0-9]*' | cut -d/ -f2`)
}

// everyHostRuns checks link, process and answer of every web host.
func (w *site) everyHostRuns(id string, want health) {
	w.Helper()
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "readlink "+base+"/current"); got != "releases/"+id {
			w.Errorf("%s: current is %s, want %s", h.Name, got, id)
		}
		if got := w.running(h); got != id {
			w.Errorf("%s: the process is of release %s, want %s", h.Name, got, id)
		}
		if got := w.health(h); got != want {
			w.Errorf("%s: /health says %+v, want %+v", h.Name, got, want)
		}
	}
}

// nothingLeft checks that no run has left anything half done on a web host.
func (w *site) nothingLeft() {
	w.Helper()
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "cd "+base+" && ls -d releases/*.part .slipway/change .slipway/back current.new 2>/dev/null || true"); got != "" {
			w.Errorf("%s: left over: %s", h.Name, got)
		}
	}
}
