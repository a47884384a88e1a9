package parcel

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/apxr/slipway/internal/release"
)

// entry is one entry of an archive; its type is that of a file unless it has another.
type entry struct {
	name, text string
	kind       byte
}

func archive(t *testing.T, codec Codec, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	var z io.WriteCloser = gzip.NewWriter(&b)
	if codec == Zstd {
		var err error
		if z, err = zstd.NewWriter(&b); err != nil {
			t.Fatal(err)
		}
	}
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: 0o644, Size: int64(len(e.text))}
		if e.kind != 0 {
			h.Typeflag, h.Size, h.Linkname = e.kind, 0, e.text
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, e.text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files returns entries of a manifest with these contents, by their paths.
func files(contents ...string) (all []release.File) {
	for i, text := range contents {
		sum := sha256.Sum256([]byte(text))
		all = append(all, release.File{Path: fmt.Sprint("f", i), Kind: release.Regular, Mode: 0o644, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
	}
	return all
}

func sends(data []byte, err error) Export {
	return func(_ context.Context, _ []string, w io.Writer) error {
		if _, err := w.Write(data); err != nil {
			return err
		}
		return err
	}
}

// opened returns the contents of files, or the first error.
func opened(s *Store, all []release.File) ([]string, error) {
	var texts []string
	for _, f := range all {
		r, err := s.Open(f)
		if err != nil {
			return texts, err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return texts, err
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

func newStore(t *testing.T, all []release.File, export Export) *Store {
	t.Helper()
	s, err := NewStore(t.Context(), release.Manifest{Files: append([]release.File{{Path: "d", Kind: release.Dir}, {Path: "l", Kind: release.Link, Target: "f0"}}, all...)}, export)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestTheStoreKeepsWhatTheManifestSays(t *testing.T) {
	all := files("one", "", "two", "one", strings.Repeat("x", 100_000))
	for _, codec := range []Codec{Gzip, Zstd} {
		data := archive(t, codec, entry{name: "./", kind: tar.TypeDir}, entry{name: "./d/", kind: tar.TypeDir}, entry{name: "./l", text: "f0", kind: tar.TypeSymlink},
			entry{name: "./f0", text: "one"}, entry{name: "./f1"}, entry{name: "./f2", text: "two"}, entry{name: "./f3", text: "one"}, entry{name: "./f4", text: strings.Repeat("x", 100_000)})
		s := newStore(t, all, sends(data, nil))
		s.Need(all)
		got, err := opened(s, all)
		if err != nil || !slices.Equal(got, []string{"one", "", "two", "one", strings.Repeat("x", 100_000)}) {
			t.Errorf("%s: %.100q, %v", codec, got, err)
		}
		if err := s.Settle(all); err != nil || s.Received() != int64(len(data)) {
			t.Errorf("%d bytes of %d: %v", s.Received(), len(data), err)
		}
	}
}

func TestOnlyWhatNobodyHasAskedForIsRead(t *testing.T) {
	all := files("one", "two", "three", "one", "four")
	var mu sync.Mutex
	var exports [][]string
	s := newStore(t, all, func(_ context.Context, paths []string, w io.Writer) error {
		mu.Lock()
		exports = append(exports, paths)
		mu.Unlock()
		texts := map[string]string{"f0": "one", "f3": "one", "f1": "two", "f2": "three", "f4": "four"}
		var entries []entry
		for _, p := range paths {
			entries = append(entries, entry{name: p, text: texts[p]})
		}
		_, err := w.Write(archive(t, Zstd, entries...))
		return err
	})
	for _, need := range [][]release.File{{all[3], all[1]}, {all[0], all[1]}, {all[0], all[2]}, all} {
		s.Need(need)
		if _, err := opened(s, need); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(exports) != "[[f3 f1] [f2] [f4]]" {
		t.Errorf("%q", exports)
	}
	if _, err := s.Open(release.File{SHA256: "x"}); err == nil {
		t.Error("what nobody asked for was opened")
	}
}

func TestAnArtifactThatDoesNotFitItsManifestIsRefused(t *testing.T) {
	all := files("one", "two")
	broken := errors.New("exit status 2")
	good := archive(t, Zstd, entry{name: "f0", text: "one"}, entry{name: "f1", text: "two"})
	for name, c := range map[string]struct {
		data []byte
		err  error
		want string
	}{
		"another content":        {archive(t, Zstd, entry{name: "./f0", text: "oen"}), nil, `"f0": it has other contents; something has changed it there: build again`},
		"another size":           {archive(t, Gzip, entry{name: "./f0", text: "on"}), nil, `"f0": it has 2 bytes, and the manifest says 3`},
		"another link":           {archive(t, Zstd, entry{name: "l", text: "f1", kind: tar.TypeSymlink}), nil, `"l": it is not what`},
		"a file for a directory": {archive(t, Zstd, entry{name: "d"}), nil, `"d": it is not what`},
		"a missing file":         {archive(t, Zstd, entry{name: "f0", text: "one"}), nil, `"f1": it is not in the artifact`},
		"one more file":          {archive(t, Zstd, entry{name: "f0", text: "one"}, entry{name: "more", text: "x"}), nil, `"more": it is not what the manifest lists`},
		"a path that leaves":     {archive(t, Zstd, entry{name: "../f0", text: "one"}), nil, `"../f0": it is not`},
		"a link for a file":      {archive(t, Zstd, entry{name: "f0", text: "one"}, entry{name: "f1", text: "f0", kind: tar.TypeSymlink}), nil, `"f1": it is not`},
		"a file for a link":      {archive(t, Zstd, entry{name: "l", text: "one"}), nil, `"l": it is not`},
		"a file without an end":  {archive(t, Zstd, slices.Repeat([]entry{{name: "f0", text: "one"}}, 1000)...), nil, "more files than the release has"},
		"nothing":                {nil, nil, "no archive of the release"},
		"something else":         {[]byte("PK\x03\x04"), nil, "no archive of the release"},
		"a part":                 {good[:len(good)-5], nil, "unexpected EOF"},
		"no archive inside":      {zipped(t, "this is no tar"), nil, "no archive of the release"},
		"an error":               {good[:20], broken, "exit status 2"},
		"an error before all":    {nil, broken, "exit status 2"},
	} {
		s := newStore(t, all, sends(c.data, c.err))
		s.Need(all)
		got, err := opened(s, all)
		if err == nil {
			err = s.Settle(all)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll([]byte(strings.Repeat(text, 100)), nil)
}

// A build host that sends without end must not fill this machine.
func TestAnArchiveWithoutEndIsRefused(t *testing.T) {
	all := files("one")
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "f0", Mode: 0o644, Size: 1 << 40}); err != nil {
		t.Fatal(err)
	}
	s := newStore(t, all, func(_ context.Context, _ []string, out io.Writer) error {
		z, err := zstd.NewWriter(out)
		if err != nil {
			return err
		}
		_, err = z.Write(b.Bytes())
		for err == nil {
			_, err = z.Write(make([]byte, 1<<20))
		}
		return err
	})
	s.Need(all)
	if _, err := opened(s, all); err == nil || !strings.Contains(err.Error(), "bytes, and the manifest says 3") {
		t.Errorf("%v", err)
	}
	if s.Received() > 8<<20 {
		t.Errorf("it took %d bytes", s.Received())
	}
}

func TestAnotherModeIsRefused(t *testing.T) {
	all := files("one")
	all[0].Mode = 0o755
	s := newStore(t, all, sends(archive(t, Zstd, entry{name: "f0", text: "one"}), nil))
	s.Need(all)
	if _, err := opened(s, all); err == nil || !strings.Contains(err.Error(), `"f0": it has the mode 644, and the manifest says 755`) {
		t.Error(err)
	}
}

func TestTheStoreNeedsAPlace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	if _, err := NewStore(t.Context(), release.Manifest{}, nil); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	all := files("one")
	s := newStore(t, all, sends(archive(t, Zstd, entry{name: "f0", text: "one"}), nil))
	s.file.Close()
	s.file = full
	s.Need(all)
	if _, err := opened(s, all); err == nil || !strings.Contains(err.Error(), "keeping the release on its way on this machine (TMPDIR)") {
		t.Error(err)
	}
}
