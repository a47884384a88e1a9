package hosts

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/world"
)

// tampering changes an artifact's files after its manifest was made.
type tampering struct {
	name   string
	change func(tree string) error
}

// tamperings are some of each kind; "make full" adds the others.
var tamperings = []tampering{
	{"one more file", func(tree string) error { return os.WriteFile(filepath.Join(tree, "more"), nil, 0o644) }},
	{"another content", func(tree string) error { return os.WriteFile(filepath.Join(tree, "lib/way.json"), []byte("[]"), 0o644) }},
	{"a link that leads out", link("../../../../../../etc/passwd", "more")},
}

func link(target, name string) func(string) error {
	return func(tree string) error {
		path := filepath.Join(tree, name)
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		return os.Symlink(target, path)
	}
}

// archive is that of a build server whose tar is not to be trusted: it puts more
// entries before the files that were built, to write through them.
type archive struct {
	name    string
	entries func(running release.ID) []tar.Header
}

func file(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644} }

func to(kind byte, name, target string) tar.Header {
	return tar.Header{Name: name, Typeflag: kind, Linkname: target, Mode: 0o777}
}

// always makes an archive's entries of those that do not depend on what runs.
func always(entries ...tar.Header) func(release.ID) []tar.Header {
	return func(release.ID) []tar.Header { return entries }
}

// archives are some of each kind; "make full" adds the others.
var archives = []archive{
	{"a name that goes up", always(file("../../../../.." + mark + "-up"))},
	{"through chained links", always(
		to(tar.TypeSymlink, "a", ".."), to(tar.TypeSymlink, "b", "a/.."), to(tar.TypeSymlink, "c", "b/.slipway"), file("c/history.jsonl"))},
}

// What is not exactly what was built is not staged, whatever else it does.
func TestNothingElseThanWhatWasBuiltIsStaged(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1)
	outside := w.outside()
	for _, c := range tamperings {
		w.sub(c.name, func(w *webHost) {
			id := w.good()
			w.Must(c.change(w.tree(id)))
			w.refusesToStage(id)
		})
	}
	for _, c := range archives {
		w.sub(c.name, func(w *webHost) {
			id := w.good()
			w.refusesToStage(id, "PATH="+w.falseTar(id, c.entries(good))+":"+os.Getenv("PATH"))
		})
	}
	w.runs(good)
	w.unmarked()
	if after := w.outside(); after != outside {
		w.Errorf("around the application it was\n%s\nand is\n%s", outside, after)
	}
}

// refusesToStage deploys a release and checks that the host has no trace of it
// where releases are.
func (w *webHost) refusesToStage(id release.ID, settings ...string) {
	w.Helper()
	w.root("rm -f " + base + "/.slipway/releases/*/manifest.json") // without a base, all of the release is read
	before := w.State()
	r := w.Slipway(world.DeployOf(id, settings...)...)
	w.Red(1, r, w.host.Addr+": ", "does not fit its manifest", "build again", "nothing was switched on any host")
	w.silent(r)
	w.Same(before)
}

// falseTar makes a directory with a tar that prints an archive of these entries
// and then of all that was built.
func (w *webHost) falseTar(id release.ID, entries []tar.Header) string {
	w.Helper()
	dir := w.TempDir()
	f, err := os.Create(filepath.Join(dir, "archive"))
	w.Must(err)
	zipped := gzip.NewWriter(f)
	archive := tar.NewWriter(zipped)
	for _, h := range entries {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text = "hostile\n"
		}
		h.Size = int64(len(text))
		w.Must(archive.WriteHeader(&h))
		_, err := archive.Write([]byte(text))
		w.Must(err)
	}
	for _, e := range w.manifest(id).Files {
		h := tar.Header{Name: e.Path, Mode: int64(e.Mode), Size: e.Size, Typeflag: tar.TypeReg}
		if e.Kind == release.Dir {
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		w.Must(archive.WriteHeader(&h))
		if e.Kind == release.Regular {
			data, err := os.ReadFile(filepath.Join(w.tree(id), e.Path))
			w.Must(err)
			_, err = archive.Write(data)
			w.Must(err)
		}
	}
	for _, c := range []io.Closer{archive, zipped, f} {
		w.Must(c.Close())
	}
	w.Must(os.WriteFile(filepath.Join(dir, "tar"), []byte("#!/bin/sh\nexec cat '"+f.Name()+"'\n"), 0o755))
	return dir
}

// manifest reads the manifest of an artifact.
func (w *webHost) manifest(id release.ID) release.Manifest {
	w.Helper()
	data, err := os.ReadFile(filepath.Join(w.tree(id), "..", "manifest.json"))
	w.Must(err)
	m, err := release.ParseManifest(data)
	w.Must(err)
	return m
}
