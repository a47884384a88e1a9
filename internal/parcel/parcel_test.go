package parcel

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/apxr/slipway/internal/release"
)

// opens are contents that are all there.
type opens func(f release.File) (io.Reader, error)

func (o opens) Open(f release.File) (io.Reader, error) { return o(f) }
func (opens) Settle([]release.File) error              { return nil }

var noContents = opens(func(f release.File) (io.Reader, error) {
	return strings.NewReader(strings.Repeat("x", int(f.Size))), nil
})

// unsettled are contents that something more came with.
type unsettled struct{ opens }

func (unsettled) Settle([]release.File) error { return errors.New("more came") }

func packed(t *testing.T, codec Codec, d release.Delta) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, codec, d, Dictionary{}, time.Unix(1700000000, 5), noContents); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var some = release.Delta{
	From: "20240101T000000", Text: []byte("=3\n"), Dirs: []string{"d", "d/e"}, Moves: []release.Move{{From: "a", To: "d/b"}},
	Files: []release.File{{Path: "d/c", Mode: 0o755, Size: 3}}, Links: []release.File{{Path: "l", Target: "d/c"}}, Remove: []string{"a", "old"},
}

func TestAParcelHasItsEntriesInTheirOrder(t *testing.T) {
	for _, codec := range []Codec{Gzip, Zstd} {
		text := packed(t, codec, some)
		if text[0] != '\n' {
			t.Fatalf("%s: it begins with %q", codec, text[:10])
		}
		z, err := decompressor(bytes.NewReader(text[1:]))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for r := tar.NewReader(z); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil || h.Uid != 0 || h.Uname != "" || !h.ModTime.Equal(time.Unix(1700000000, 0)) {
				t.Errorf("%+v, %v", h, err)
			}
			got = append(got, string(h.Typeflag)+" "+h.Name+" "+h.Linkname+string(text))
		}
		want := []string{"5 tree/ ", "0 tree/.slipway.patch =3\n", "0 tree/.slipway.remove a\nold\n", "5 tree/d/ ", "5 tree/d/e/ ", "1 tree/d/b tree/a", "0 tree/d/c xxx", "2 tree/l d/c"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", codec, got, want)
		}
	}
}

// The bytes are what zstd on a host takes: see internal/script.
func TestWhatBothSidesKnowIsNotSent(t *testing.T) {
	old := make([]byte, 50_000)
	rand.NewChaCha8([32]byte{}).Read(old)
	text := append(slices.Clone(old), "new"...)
	contents := opens(func(f release.File) (io.Reader, error) {
		if f.Path == "gone" {
			return nil, errors.New("gone")
		}
		return bytes.NewReader(text[:f.Size]), nil
	})
	known, err := Join([]release.File{{Path: "a", Size: 20}, {Path: "b", Size: 50_000}}, contents)
	if err != nil || !slices.Equal(known.Paths, []string{"a", "b"}) || !bytes.Equal(known.Data, append(slices.Clone(old[:20]), old...)) {
		t.Fatalf("%q, %d bytes, %v", known.Paths, len(known.Data), err)
	}
	if none, err := Join([]release.File{{Path: "a", Size: 1}, {Path: "gone", Size: 1}}, contents); err == nil || none.Paths != nil {
		t.Errorf("%+v, %v", none, err)
	}
	d := release.Delta{From: "20240101T000000", Files: []release.File{{Path: "c", Size: int64(len(text)), Mode: 0o644}}}
	var b bytes.Buffer
	if err := Write(&b, Zstd, d, known, time.Unix(1700000000, 0), contents); err != nil || b.Len() > 500 || !strings.HasPrefix(b.String(), "a\nb\n\n") {
		t.Fatalf("%d bytes, %v", b.Len(), err)
	}
	z, err := zstd.NewReader(bytes.NewReader(b.Bytes()[len("a\nb\n\n"):]), zstd.WithDecoderDictRaw(0, known.Data))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Contains(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestTheSameDeltaMakesTheSameParcel(t *testing.T) {
	large := some
	large.Files = []release.File{{Path: "d/c", Size: 12 << 20}}
	for _, d := range []release.Delta{some, large} {
		for _, codec := range []Codec{Gzip, Zstd} {
			if one, two := packed(t, codec, d), packed(t, codec, d); !bytes.Equal(one, two) {
				t.Errorf("%s: two parcels of %d and %d bytes differ", codec, len(one), len(two))
			}
		}
	}
}

func TestAParcelWithoutAContentIsNoParcel(t *testing.T) {
	gone := errors.New("gone")
	for name, contents := range map[string]Contents{
		"none":      opens(func(release.File) (io.Reader, error) { return nil, gone }),
		"too short": opens(func(release.File) (io.Reader, error) { return strings.NewReader("x"), nil }),
		"unsettled": unsettled{noContents},
	} {
		var b bytes.Buffer
		if err := Write(&b, Zstd, some, Dictionary{}, time.Time{}, contents); err == nil {
			t.Error(name)
		}
		if _, err := unzipped(b.Bytes()); err == nil {
			t.Errorf("%s: what was written has an end", name)
		}
	}
}

func unzipped(data []byte) ([]byte, error) {
	z, err := decompressor(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// full fails like a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAParcelThatCannotBeKeptIsAnError(t *testing.T) {
	for _, codec := range []Codec{Gzip, Zstd} {
		if err := Write(full{}, codec, some, Dictionary{}, time.Time{}, noContents); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: %v", codec, err)
		}
	}
}
