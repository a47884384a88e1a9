package host_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/parcel"
	"github.com/apxr/slipway/internal/release"
)

// built is a release as the build host has it. Its parcels have all of it.
type built struct {
	m    release.Manifest
	tree string
}

func (b built) Manifest() release.Manifest { return b.m }

func (b built) Open(string, bool) (host.Parcel, error) {
	d, err := b.m.Whole()
	if err != nil {
		return host.Parcel{}, err
	}
	return b.pack(d)
}

// contents are those of a tree, for a parcel.
type contents string

func (tree contents) Open(f release.File) (io.Reader, error) {
	return os.Open(filepath.Join(string(tree), f.Path))
}
func (contents) Settle([]release.File) error { return nil }

func (b built) pack(d release.Delta) (host.Parcel, error) {
	var data bytes.Buffer
	err := parcel.Write(&data, parcel.Gzip, d, parcel.Dictionary{}, time.Now(), contents(b.tree))
	return host.Parcel{From: d.From, Codec: string(parcel.Gzip), Data: &data}, err
}

// start behaves like mix's own start script where it matters: it resolves
// current, so that the process's command line names the release.
const start = `#!/bin/sh
root=$(CDPATH= cd "$(dirname "$0")/.." && pwd -P)
case $1 in
start) . "$root/lib/program" ;;
migrate) echo "migrates $root" >>"$SITE/migrations"; [ ! -e "$SITE/refuse-migration" ] ;;
esac
`

// release makes the n-th release. A bad one has no start script: at no moment does a
// process run as it, however slow the machine is.
func (s *site) release(n int, bad bool) built {
	s.Helper()
	files := map[string]string{"bin/app": start, "lib/program": `exec tail -f "$root/lib/program"`, "lib/data": strings.Repeat("data\n", n)}
	if bad {
		delete(files, "bin/app")
	}
	tree := s.path("home/slipway/apxr/app/artifacts", string(at(n)), "tree")
	for name, text := range files {
		s.must(os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755))
		s.must(os.WriteFile(filepath.Join(tree, name), []byte(text), 0o755))
	}
	return s.pack(at(n), tree)
}

func (s *site) pack(id release.ID, tree string) built {
	s.Helper()
	script := `cd "$1" && find . -mindepth 1 -type d -printf 'd\t%P\n' -o -type f -printf 'f\t%m\t%s\t%P\n' | LC_ALL=C sort`
	listing := s.output("sh", "-c", script, "sh", tree)
	sums := s.output("sh", "-c", `cd "$1" && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum --`, "sh", tree)
	files, err := release.ParseInventory(listing, sums)
	s.must(err)
	m := release.Manifest{
		Format: release.ManifestFormat, ReleaseID: id, Org: "apxr", App: "app", Release: "app", Version: "0.1.0", Revision: strings.Repeat("a", 40),
		OS: "Linux", Arch: map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH], Files: files,
	}
	text, err := m.JSON()
	s.must(err)
	s.must(os.WriteFile(filepath.Join(filepath.Dir(tree), "manifest.json"), text, 0o644))
	return built{m, tree}
}

func (s *site) output(name string, args ...string) []string {
	s.Helper()
	out, err := exec.Command(name, args...).Output()
	s.must(err)
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

func at(n int) release.ID { return release.NewID(time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC)) }
