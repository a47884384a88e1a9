package parcel

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/apxr/slipway/internal/release"
)

// unpack reads an archive into the store, and removes what has come from asked. Each
// entry must be as the manifest says: a hostile build host can send neither more
// entries nor more bytes than the release has.
func (s *Store) unpack(in io.Reader, asked map[string]release.File) error {
	z, err := decompressor(in)
	if err != nil {
		return err
	}
	defer z.Close()
	r := tar.NewReader(z)
	for range len(s.size) + 2 { // and the top directory, and the end
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("what the build host sends is no archive of the release: %w", err)
		}
		if err := s.take(h, r, asked); err != nil {
			return err
		}
	}
	return errors.New("the build host sends more files than the release has: build again")
}

// decompressor tells the codecs apart by their first bytes.
func decompressor(in io.Reader) (io.ReadCloser, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	magic, err := r.Peek(4)
	switch {
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case len(magic) > 1 && magic[0] == 0x1f && magic[1] == 0x8b:
		return gzip.NewReader(r)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return nil, fmt.Errorf("what the build host sends is no archive of the release: it begins with %q", magic)
}

// types has the kinds of entries as tar has them.
var types = map[release.Kind]byte{release.Regular: tar.TypeReg, release.Link: tar.TypeSymlink, release.Dir: tar.TypeDir}

func (s *Store) take(h *tar.Header, r io.Reader, asked map[string]release.File) error {
	name := path.Clean(h.Name)
	f, known := s.size[name]
	switch {
	case name == ".":
		return nil
	case !known || h.Typeflag != types[f.Kind] || h.Linkname != f.Target:
		return unlike(name, "it is not what the manifest lists")
	case f.Kind != release.Regular:
		return nil
	case uint32(h.Mode)&0o777 != f.Mode:
		return unlike(name, fmt.Sprintf("it has the mode %o, and the manifest says %o", h.Mode&0o777, f.Mode))
	case h.Size != f.Size:
		return unlike(name, fmt.Sprintf("it has %d bytes, and the manifest says %d", h.Size, f.Size))
	}
	if _, wanted := asked[f.SHA256]; wanted {
		if err := s.keep(f, r); err != nil {
			return err
		}
		delete(asked, f.SHA256)
		return nil
	}
	return verified(f, r, io.Discard)
}

// keep stores a content.
func (s *Store) keep(f release.File, r io.Reader) error {
	s.mu.Lock()
	p := s.places[f.SHA256]
	p.at = s.used
	s.used += f.Size
	s.mu.Unlock()
	if err := verified(f, r, io.NewOffsetWriter(s.file, p.at)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.there = true
	s.more.Broadcast()
	return nil
}

// verified copies a file, and returns an error unless it is the manifest's.
func verified(f release.File, r io.Reader, w io.Writer) error {
	sum := sha256.New()
	switch _, err := io.Copy(sum, io.TeeReader(r, kept{w})); {
	case errors.As(err, new(*keepError)):
		return fmt.Errorf("keeping the release on its way on this machine (TMPDIR): %w", err)
	case err != nil:
		return fmt.Errorf("reading %q from the build host: %w", f.Path, err)
	case sumOf(sum) != f.SHA256:
		return unlike(f.Path, "it has other contents")
	}
	return nil
}

func sumOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// kept marks the errors of this machine.
type kept struct{ w io.Writer }

type keepError struct{ error }

func (k kept) Write(p []byte) (int, error) {
	n, err := k.w.Write(p)
	if err != nil {
		err = &keepError{err}
	}
	return n, err
}
