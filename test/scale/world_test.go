// Package scale shows what a deploy to many hosts takes of the machine that
// Slipway runs on, and that it works. The hosts are simulated (package simssh);
// Slipway is the real command line, in a process of its own.
package scale

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/simssh"
	"github.com/apxr/slipway/test/world"
)

const base = "/opt/apxr/shop"

var shop = release.App{Org: "apxr", Name: "shop"}

// scene is a fleet and a home with artifacts.
type scene struct {
	world.T
	fleet    *simssh.Fleet
	home     string
	settings []string // more than every run has
}

func newScene(t *testing.T, hosts int, change ...func(*simssh.Host)) *scene {
	t.Helper()
	if err := simssh.Available(); err != nil {
		labtest.CannotRun(t, err)
	}
	f, err := simssh.New(t.TempDir())
	w := &scene{T: world.T{T: t}, fleet: f, home: t.TempDir()}
	w.Must(err)
	t.Cleanup(f.Close)
	w.Must(f.Add(hosts, change...))
	return w
}

// A unit's process has to be cheap, five hundred times: a shell that reads what
// nobody writes. Its command line names the release, as a BEAM's does.
const (
	start = "#!/bin/sh\nroot=$(CDPATH= cd \"$(dirname \"$0\")/..\" && pwd -P)\nexec sh \"$root/lib/app.sh\"\n"
	wait  = "exec 3<>/opt/home/never\nread -r _ <&3\n"
)

// artifact makes the n-th release, with so many bytes that do not compress.
func (w *scene) artifact(n, bytes int) release.ID {
	w.Helper()
	files := map[string]string{"bin/shop": start, "lib/app.sh": wait}
	random := rand.NewChaCha8([32]byte{byte(n)})
	for i := range 20 {
		data := make([]byte, bytes/20)
		random.Read(data)
		files[fmt.Sprintf("lib/data-%d/beam", i)] = string(data)
	}
	w.Must(light.Put(w.home, light.Release{App: shop, ID: light.At(n), Files: files}))
	return light.At(n)
}

// knownHosts writes the fleet's keys and more into one file.
func (w *scene) knownHosts(more string) string {
	w.Helper()
	return w.File(w.fleet.KnownHosts() + more)
}

func (w *scene) env(known string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "USER=tester",
		"SLIPWAY_APP=" + shop.String(), "SLIPWAY_BUILD_HOST=local", "SLIPWAY_HOSTS=" + w.fleet.Names(), "SLIPWAY_SETTLE=300ms",
		"SLIPWAY_SSH_KEY_FILE=" + w.fleet.KeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE=" + known,
	}, w.settings...)
}

// look prints what a host runs: the link, the process, what was left over.
const look = `cd ` + base + ` && readlink -f current; . /opt/units/shop.service; tr '\0' '\n' <"/proc/$pid/cmdline" | tail -n 1
ls -d releases/*.part .slipway/change .slipway/scratch* .slipway/back current.new launch.new next 2>/dev/null`

// runs checks links and processes of all hosts.
func (w *scene) runs(id release.ID) {
	w.Helper()
	dir := base + "/releases/" + string(id)
	for _, h := range w.fleet.Hosts {
		got, _ := h.Run(look) // ls fails where nothing is left over
		if want := dir + "\n" + dir + "/lib/app.sh\n"; got != want {
			w.Errorf("%s runs %q, want %q", h.Name(), strings.TrimSpace(got), want)
		}
	}
}
