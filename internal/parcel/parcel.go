// Package parcel packs what a host lacks of a release, and keeps the contents of files
// on their way from the build host.
//
// A parcel is one compressed tar. If there is a base, lines come before it: the paths of
// files of the base, and an empty line. The contents of these files, joined, are the
// dictionary that zstd needs: what is sent is mostly a new version of what the host has.
// The entries of the tar come in the order in which a host needs them:
//
//	tree/.slipway.patch     makes the manifest out of the base's; or
//	tree/.slipway.manifest  the manifest, if there is no base
//	tree/.slipway.remove    paths that the host removes afterwards, one a line
//	tree/...                directories, then hard links to files of the base that have
//	                        another path there, then files, then symbolic links
//
// A host takes the first component away.
//
// The same delta always makes the same parcel.
package parcel

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/apxr/slipway/internal/release"
)

// Codec says how a parcel is compressed.
type Codec string

// The codecs: every host has gzip, and most have zstd.
const (
	Gzip Codec = "gzip"
	Zstd Codec = "zstd"
)

// Contents has the contents of files.
type Contents interface {
	// Open returns the content of a file, once it is there.
	Open(f release.File) (io.Reader, error)
	// Settle returns once nothing more comes with the contents of the files, and
	// whether anything was wrong with that.
	Settle(files []release.File) error
}

// Dictionary is what both sides know before a parcel is packed.
type Dictionary struct {
	Paths []string // files of the base
	Data  []byte   // their contents, joined
}

// Join waits for the contents of files of the base, and makes them a dictionary.
func Join(files []release.File, contents Contents) (d Dictionary, err error) {
	var all bytes.Buffer
	for _, f := range files {
		in, err := contents.Open(f)
		if err == nil {
			_, err = io.CopyN(&all, in, f.Size)
		}
		if err != nil {
			return Dictionary{}, err
		}
		d.Paths = append(d.Paths, f.Path)
	}
	d.Data = all.Bytes()
	return d, nil
}

// Write writes the parcel of a delta. The files that it has get the time at.
func Write(w io.Writer, codec Codec, d release.Delta, known Dictionary, at time.Time, contents Contents) error {
	if d.From != "" {
		if _, err := io.WriteString(w, strings.Join(append(known.Paths, "", ""), "\n")); err != nil {
			return err
		}
	}
	z, err := compressor(w, codec, d, known.Data)
	if err != nil {
		return err
	}
	p := packer{tar.NewWriter(z), at, contents}
	if err := p.pack(d); err != nil {
		return err // without its end, a parcel counts for nothing
	}
	return errors.Join(p.Close(), z.Close())
}

// little is how many bytes are worth a better level, which packs some 30 MB a second, and
// finds what a large dictionary has.
const little = 4 << 20

// compressor uses levels that cost less time than they save on a link of 200 Mbit/s:
// see docs/decisions/0055-send-only-what-is-missing.md.
func compressor(w io.Writer, codec Codec, d release.Delta, known []byte) (io.WriteCloser, error) {
	size := int64(len(d.Text))
	for _, f := range d.Files {
		size += f.Size
	}
	if codec == Gzip {
		level := gzip.BestSpeed
		if size < little {
			level = gzip.BestCompression
		}
		return gzip.NewWriterLevel(w, level)
	}
	options := []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(2)}
	if size < little {
		options = []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1)}
	}
	if len(known) > 0 {
		options = append(options, zstd.WithEncoderDictRaw(0, known))
	}
	return zstd.NewWriter(w, options...)
}

type packer struct {
	*tar.Writer
	at       time.Time
	contents Contents
}

func (p packer) pack(d release.Delta) error {
	list := release.OwnNames + "manifest"
	if d.From != "" {
		list = release.OwnNames + "patch"
	}
	if err := p.entry(tar.Header{Typeflag: tar.TypeDir, Name: "tree/", Mode: 0o777}); err != nil {
		return err
	}
	if err := p.text(list, d.Text); err != nil {
		return err
	}
	if len(d.Remove) > 0 {
		if err := p.text(release.OwnNames+"remove", []byte(strings.Join(d.Remove, "\n")+"\n")); err != nil {
			return err
		}
	}
	if err := p.tree(d); err != nil {
		return err
	}
	return p.contents.Settle(d.Files)
}

func (p packer) tree(d release.Delta) error {
	for _, dir := range d.Dirs {
		if err := p.entry(tar.Header{Typeflag: tar.TypeDir, Name: "tree/" + dir + "/", Mode: 0o777}); err != nil {
			return err
		}
	}
	for _, m := range d.Moves {
		if err := p.entry(tar.Header{Typeflag: tar.TypeLink, Name: "tree/" + m.To, Linkname: "tree/" + m.From}); err != nil {
			return err
		}
	}
	for _, f := range d.Files {
		if err := p.file(f); err != nil {
			return err
		}
	}
	for _, f := range d.Links {
		if err := p.entry(tar.Header{Typeflag: tar.TypeSymlink, Name: "tree/" + f.Path, Linkname: f.Target, Mode: 0o777}); err != nil {
			return err
		}
	}
	return nil
}

func (p packer) entry(h tar.Header) error {
	if !p.at.IsZero() {
		h.ModTime = p.at.Truncate(time.Second)
	}
	return p.WriteHeader(&h)
}

func (p packer) text(name string, text []byte) error {
	err := p.entry(tar.Header{Typeflag: tar.TypeReg, Name: "tree/" + name, Mode: 0o640, Size: int64(len(text))})
	if err != nil {
		return err
	}
	_, err = p.Write(text)
	return err
}

func (p packer) file(f release.File) error {
	in, err := p.contents.Open(f)
	if err != nil {
		return err
	}
	if err := p.entry(tar.Header{Typeflag: tar.TypeReg, Name: "tree/" + f.Path, Mode: int64(f.Mode), Size: f.Size}); err != nil {
		return err
	}
	if _, err := io.CopyN(p, in, f.Size); err != nil {
		return fmt.Errorf("%q: %w", f.Path, err)
	}
	return nil
}
