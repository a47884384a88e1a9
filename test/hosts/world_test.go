package hosts

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

const (
	base   = world.Base
	unit   = world.Unit
	health = world.Health
)

var shop = world.Shop

// webHost is a world with one host.
type webHost struct {
	*world.World
	host *lab.Host
}

// free has the hosts that no test uses.
var free = func() chan string {
	all := make(chan string, hosts)
	for n := range hosts {
		all <- fmt.Sprintf("web%d", n+1)
	}
	return all
}()

// newWorld runs a test beside others, on whichever host is free: most of its
// time goes by with waiting.
func newWorld(t *testing.T) *webHost {
	t.Helper()
	return alone(world.New(t, takeHost(t)))
}

// onItself does the same with Slipway on the host itself.
func onItself(t *testing.T) *webHost {
	t.Helper()
	return alone(world.New(t, takeHost(t)).OnItself())
}

func takeHost(t *testing.T) string {
	t.Helper()
	t.Parallel()
	host := <-free
	t.Cleanup(func() { free <- host })
	return host
}

// alone leaves rollbacks nothing but the hosts; package fleet tries what they do
// with a build host.
func alone(w *world.World) *webHost {
	w.Settings = append(w.Settings, "SLIPWAY_WAIT_FOR_LOCK=0s")
	w.ForVerb = func(verb string) []string {
		if verb == "rollback" {
			return []string{"SLIPWAY_BUILD_HOST="}
		}
		return nil
	}
	return &webHost{w, w.Hosts[0]}
}

// in returns the same world for a subtest.
func (w *webHost) in(t *testing.T) *webHost { return &webHost{w.In(t), w.host} }

// sub runs a subtest in the same world.
func (w *webHost) sub(name string, try func(*webHost)) {
	w.T.Run(name, func(t *testing.T) { try(w.in(t)) })
}

// root runs a script as root on the host.
func (w *webHost) root(script string) string {
	w.Helper()
	return w.Root(w.host, script)
}

// cleanup runs a script as root when the test has ended.
func (w *webHost) cleanup(script string) {
	w.Cleanup(func() {
		if _, err := w.host.Run(context.Background(), nil, "sh", "-c", script); err != nil {
			w.Error(err)
		}
	})
}

// install puts a file on the host as root.
func (w *webHost) install(path, text string) {
	w.Helper()
	_, err := w.host.Run(w.Context(), strings.NewReader(text), "sh", "-c", fmt.Sprintf("mkdir -p $(dirname %[1]s) && cat >%[1]s", path))
	w.Must(err)
}

// dropIn adds to a unit until the test ends.
func (w *webHost) dropIn(name, text string) {
	w.Helper()
	path := "/etc/systemd/system/" + name + ".d/test.conf"
	w.install(path, text)
	w.root("systemctl daemon-reload")
	w.cleanup("rm -r /etc/systemd/system/" + name + ".d; systemctl daemon-reload")
}

var made atomic.Int32

// fresh returns an ID that no release has.
func fresh() release.ID { return light.At(100 + int(made.Add(1))) }

// good makes a release that a host could run.
func (w *webHost) good() release.ID {
	w.Helper()
	return w.Put(light.Release{ID: fresh()})
}

// bad makes a release that exits at once.
func (w *webHost) bad() release.ID {
	w.Helper()
	return w.Put(light.Release{ID: fresh(), Way: light.Way{Exit: status(1)}})
}

// status is for light.Way.
func status(n int) *int { return &n }

// tree returns where the files of an artifact are on the build server.
func (w *webHost) tree(id release.ID) string {
	return filepath.Join(w.Home, "slipway", shop.Org, shop.Name, "artifacts", string(id), "tree")
}

func (w *webHost) answer() world.Answer {
	w.Helper()
	return w.Answer(w.host)
}

// runs checks link, unit and answer of the host.
func (w *webHost) runs(id release.ID) {
	w.Helper()
	w.Runs(id, nil)
}

// changes returns the host's history.
func (w *webHost) changes() release.History {
	w.Helper()
	return release.ParseHistory(strings.Split(w.root("cat "+base+"/.slipway/history.jsonl 2>/dev/null || true"), "\n"))
}

// lastChange checks what the history says of the latest change.
func (w *webHost) lastChange(to release.ID, outcome release.Outcome) release.Change {
	w.Helper()
	h := w.changes()
	if len(h) == 0 {
		w.Fatal("there is no history")
	}
	last := h[len(h)-1]
	if last.To != to || last.Outcome != outcome {
		w.Errorf("the history ends with %+v, want %s of %s", last, outcome, to)
	}
	return last
}

// silent checks that a run has not said any of this.
func (w *webHost) silent(r command.Result, words ...string) {
	w.Helper()
	// The runtime's and package fmt's own words are never meant for people.
	for _, word := range append(words, "panic:", "goroutine ", "%!") {
		if strings.Contains(r.Said(), word) {
			w.Errorf("it says %q:\n%s", word, r.Said())
		}
	}
}
