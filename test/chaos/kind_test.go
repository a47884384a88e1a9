package chaos

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	lightrelease "github.com/apxr/slipway/test/light"
)

// kind is what the releases are made of.
type kind struct {
	name    string
	app     release.App
	port    int
	ids     []string // four that work
	other   string   // that another run deploys meanwhile
	bad     string   // one that does not
	settle  time.Duration
	patient time.Duration // health-timeout
	home    string        // of the build host, which is this machine
	files   map[string]int
}

var (
	light = &kind{name: "light", app: release.App{Org: "apxr", Name: "shop"}, port: 4001, settle: 300 * time.Millisecond, patient: 10 * time.Second}
	beam  = &kind{name: "beam", app: release.App{Org: "apxr", Name: "apxr_io"}, port: 4002, settle: time.Second, patient: 20 * time.Second}
)

func (k *kind) base() string   { return "/opt/" + k.app.String() }
func (k *kind) unit() string   { return k.app.Name + ".service" }
func (k *kind) health() string { return fmt.Sprintf("http://127.0.0.1:%d/health", k.port) }

func (k *kind) artifacts() string {
	return filepath.Join(k.home, "slipway", k.app.Org, k.app.Name, "artifacts")
}

// named gives the kind its home and the names of its releases.
func (k *kind) named(home string) {
	k.home, k.ids, k.files = home, nil, map[string]int{}
	for n := range 4 {
		k.ids = append(k.ids, string(lightrelease.At(n+1)))
	}
	k.other, k.bad = string(lightrelease.At(5)), string(lightrelease.At(9))
}

// putLight makes the artifacts of light releases.
func putLight(home string) error {
	k := light
	k.named(home)
	one := 1
	for _, id := range append([]string{k.bad, k.other}, k.ids...) {
		r := lightrelease.Release{App: k.app, ID: release.ID(id), Files: map[string]string{}}
		if id == k.bad {
			r.Way.Exit = &one
		}
		for n := range 30 {
			r.Files[fmt.Sprintf("lib/more/%d.txt", n)] = strings.Repeat(id+"\n", 40*n)
		}
		if err := lightrelease.Put(home, r); err != nil {
			return err
		}
	}
	return k.count()
}

// count remembers how many entries each release has.
func (k *kind) count() error {
	for _, id := range append([]string{k.bad, k.other}, k.ids...) {
		n := -1 // the tree itself
		err := filepath.WalkDir(filepath.Join(k.artifacts(), id, "tree"), func(_ string, _ fs.DirEntry, err error) error {
			n++
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		k.files[id] = n
	}
	return nil
}
