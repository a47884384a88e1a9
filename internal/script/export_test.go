package script

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// listed returns the names in an archive, and what its first bytes say of its codec.
func listed(t *testing.T, data []byte) (names []string, codec string) {
	t.Helper()
	var in io.Reader
	codec = "gzip"
	z, err := gzip.NewReader(bytes.NewReader(data))
	if in = z; err != nil {
		codec = "zstd"
		in, err = zstd.NewReader(bytes.NewReader(data))
		must(t, err)
	}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, codec
		}
		must(t, err)
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir && h.Typeflag != tar.TypeSymlink {
			t.Errorf("%q is of type %q", h.Name, h.Typeflag)
		}
		names = append(names, h.Name)
	}
}

func TestAnExportHasAllFilesOrThoseThatAreWanted(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"zstd", "gzip"} {
		s := newSite(t)
		if codec == "gzip" {
			s.without("zstd")
		}
		tree := filepath.Join(ArtifactDir(app, r1), "tree")
		for _, name := range oddNames {
			s.writeHome(name, tree, "dir", name)
		}
		must(t, os.Link(filepath.Join(s.home, tree, "dir", "plain"), filepath.Join(s.home, tree, "linked")))
		must(t, os.Symlink("dir", filepath.Join(s.home, tree, "link")))
		var all, some bytes.Buffer
		must(t, s.store().Export(t.Context(), r1, nil, &all))
		names, has := listed(t, all.Bytes())
		if len(names) != len(oddNames)+4 || has != codec {
			t.Errorf("%s: %q", has, names)
		}
		wanted := []string{"linked", "dir/--", "dir/-rf", "dir/" + oddNames[1], "dir/*", "dir/plain"}
		must(t, s.store().Export(t.Context(), r1, wanted, &some))
		for i := range wanted {
			wanted[i] = "./" + wanted[i]
		}
		if names, has := listed(t, some.Bytes()); !slices.Equal(names, wanted) || has != codec {
			t.Errorf("%s: %q, want %q", has, names, wanted)
		}
		if err := s.store().Export(t.Context(), r1, []string{"none"}, io.Discard); err == nil {
			t.Error("a file that is not there was exported")
		}
	}
}

// without gives the site all programs but one.
func (s *site) without(name string) {
	programs, err := os.ReadDir(system)
	must(s.t, err)
	for _, p := range programs {
		if p.Name() != name && !s.isProgram(p.Name()) {
			must(s.t, os.Symlink(filepath.Join(system, p.Name()), filepath.Join(s.bin, p.Name())))
		}
	}
	s.env[0] = "PATH=" + s.bin
}

func (s *site) isProgram(name string) bool {
	_, err := os.Lstat(filepath.Join(s.bin, name))
	return err == nil
}
