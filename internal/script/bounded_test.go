package script

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// zeros is an endless file.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// bomb returns a gzipped tar of a file of zeros of this size, and of empty files.
func bomb(t *testing.T, size int64, files int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if size > 0 {
		must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "./zeros", Mode: 0o644, Size: size}))
		_, err := io.CopyN(w, zeros{}, size)
		must(t, err)
	}
	for n := range files {
		must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("./%d", n), Mode: 0o644}))
	}
	must(t, errors.Join(w.Close(), z.Close()))
	return b.Bytes()
}

// A small archive of many bytes or entries is refused before it has filled the disk.
func TestNoMoreIsUnpackedThanTheReleaseCanHave(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{"bytes": bomb(t, 256<<20, 0), "entries": bomb(t, 0, 50_000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			m := manifest(tree())
			s.expect(r1, m)
			// discard removes what was unpacked: this says how much that was.
			s.command("rm", `for x in "$@"; do case $x in *.part) { du -sk "$x"; find "$x" | wc -l; } >>`+s.path("size")+` ;; esac; done; exec /bin/rm "$@"`)
			wantReason(t, s.stageMost(r1, m.TarSize(), data), fmt.Sprintf("what arrived for %s has more than %d bytes, and the release that was built has fewer", r1, m.TarSize()))
			if left := s.entries("releases"); len(left) > 0 {
				t.Errorf("it left %q", left)
			}
			var kib, entries int64
			var path string
			if _, err := fmt.Sscan(s.read("size"), &kib, &path, &entries); err != nil {
				t.Fatalf("%q: %v", s.read("size"), err)
			}
			t.Logf("of %d bytes it unpacked %d KiB and %d entries", len(data), kib, entries)
			if most := m.TarSize(); kib<<10 > 2*most || entries > 1+most/512 {
				t.Errorf("it unpacked %d KiB and %d entries of at most %d bytes", kib, entries, most)
			}
		})
	}
}

// Whatever format the build server's tar has by default, a release fits.
func TestEveryFormatOfTarFits(t *testing.T) {
	t.Parallel()
	contents := tree()
	name := strings.Repeat("n", 250)
	contents[name] = content{mode: 0o644}
	contents[name+"s"] = content{}
	contents[name+"s/"+name] = content{text: strings.Repeat("x", 1025), mode: 0o644}
	contents["lib/far"] = content{target: "../" + name}
	for n := range 500 {
		contents[fmt.Sprintf("%s%d", name[:200], n)] = content{mode: 0o644}
	}
	m := manifest(contents)
	for _, format := range []string{"gnu", "oldgnu", "pax"} {
		s := newSite(t)
		s.expect(r1, m)
		must(t, s.stageMost(r1, m.TarSize(), packed(t, format, contents)))
	}
}

// packed returns a release as GNU tar packs it in a format.
func packed(t *testing.T, format string, contents map[string]content) []byte {
	t.Helper()
	dir := t.TempDir()
	for path, c := range contents {
		at := filepath.Join(dir, path)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch {
		case c.target != "":
			must(t, os.Symlink(c.target, at))
		case c.mode == 0:
			must(t, os.MkdirAll(at, 0o755))
		default:
			must(t, os.WriteFile(at, []byte(c.text), os.FileMode(c.mode)))
		}
	}
	out, err := exec.Command("tar", "-C", dir, "-c", "-z", "--format="+format, ".").Output()
	must(t, err)
	return out
}

func TestAReleaseOfExactlyTheLargestSizeIsStaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	data := tarball(t, tree())
	z, err := gzip.NewReader(bytes.NewReader(data))
	must(t, err)
	size, err := io.Copy(io.Discard, z)
	must(t, err)
	s.expect(r1, manifest(tree()))
	wantReason(t, s.stageMost(r1, size-1, data), "has more than")
	s.expect(r1, manifest(tree()))
	must(t, s.stageMost(r1, size, data))
	if m := manifest(tree()); m.TarSize() < size {
		t.Errorf("a tar has %d bytes, and at most %d are expected", size, m.TarSize())
	}
}
