package rollout

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

var quiet = progress.New(progress.Terminal{W: io.Discard})

// source is an artifact with given files.
type source struct {
	Artifact
	files   map[string]string
	earlier []release.Manifest // what else the build host has
	between func()             // is called before each file
	mu      sync.Mutex
	exports [][]string // the paths of each export
	old     map[release.ID]map[string]string
	asked   []release.ID
}

func (s *source) Manifest() release.Manifest { return manifestOf(id2, s.files) }

func manifestOf(id release.ID, files map[string]string) release.Manifest {
	m := release.Manifest{Format: release.ManifestFormat, ReleaseID: id, Org: "o", App: "a", BuiltAt: time.Unix(1700000000, 0)}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256([]byte(files[p]))
		m.Files = append(m.Files, release.File{Path: p, Kind: release.Regular, Mode: 0o644, Size: int64(len(files[p])), SHA256: hex.EncodeToString(sum[:])})
	}
	return m
}

func (s *source) Export(ctx context.Context, id release.ID, paths []string, w io.Writer) error {
	files := s.files
	if id != id2 {
		files = s.old[id]
		if files == nil {
			return errors.New("it was removed")
		}
	}
	s.mu.Lock()
	s.exports = append(s.exports, paths)
	s.mu.Unlock()
	if len(paths) == 0 {
		paths = slices.Sorted(maps.Keys(files))
	}
	z, err := gzip.NewWriterLevel(w, gzip.NoCompression)
	if err != nil {
		return err
	}
	out := tar.NewWriter(z)
	for _, p := range paths {
		if s.between != nil {
			s.between()
		}
		err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "./" + p, Mode: 0o644, Size: int64(len(files[p]))})
		_, writeErr := io.WriteString(out, files[p])
		if err = errors.Join(err, writeErr, out.Flush(), z.Flush(), ctx.Err()); err != nil {
			return err
		}
	}
	return errors.Join(out.Close(), z.Close())
}

func (s *source) Earlier(_ context.Context, id release.ID, digest release.Digest) (release.Manifest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, id)
	for _, m := range s.earlier {
		if has, err := m.Digest(); err == nil && m.ReleaseID == id && has == digest {
			return m, nil
		}
	}
	return release.Manifest{}, errors.New("there is no such artifact")
}

// based is a host with a base.
type based struct {
	stubbed
	own   *release.Manifest // what the host answers when it is asked; nil: an error
	asked int
}

func (b *based) CurrentManifest(context.Context) (release.Manifest, error) {
	b.asked++
	if b.own == nil {
		return release.Manifest{}, errors.New("it does not answer")
	}
	return *b.own, nil
}

// on returns a host that runs a release.
func on(name string, m release.Manifest) *based {
	h := &based{stubbed: stubbed{name: name}}
	if m.ReleaseID != "" {
		digest, err := m.Digest()
		if err != nil {
			panic(err)
		}
		h.seen.Current.ID, h.seen.CurrentDigest = m.ReleaseID, digest
	}
	h.seen.Zstd = true
	return h
}

// spooled returns the spool of a run over the hosts.
func spooled(ctx context.Context, s *source, hosts ...Host) *spool {
	spool := newSpool(ctx, s, quiet)
	var all fleet
	for _, h := range hosts {
		all = append(all, &member{Host: h})
	}
	spool.expect(all)
	return spool
}

// unpacked returns the entries of a parcel, by their names. A host has these files.
func unpacked(p host.Parcel, has map[string]string) (map[string]string, error) {
	in := bufio.NewReader(p.Data)
	known := ""
	for p.From != "" {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == "\n" {
			break
		}
		known += has[strings.TrimSuffix(line, "\n")]
	}
	return entriesOf(p.Codec, in, known)
}

func entriesOf(codec string, in io.Reader, known string) (map[string]string, error) {
	if codec == "zstd" {
		z, err := zstd.NewReader(in, zstd.WithDecoderDictRaw(0, []byte(known)))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		in = z
	} else {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = z
	}
	entries := map[string]string{}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		entries[h.Name] = string(text) + h.Linkname
	}
}

func taken(t *testing.T, s *spool, name string, whole bool) (release.ID, map[string]string) {
	t.Helper()
	p, err := s.Open(name, whole)
	if err != nil {
		t.Error(err)
		return "", nil
	}
	entries, err := unpacked(p, s.source.(*source).old[p.From])
	if err != nil {
		t.Error(err)
	}
	return p.From, entries
}

func noise(n int) string {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(data)
	return string(data)
}

func TestEveryHostGetsTheWholeReleaseThatIsReadOnce(t *testing.T) {
	s := &source{files: map[string]string{}}
	for n := range 100 {
		s.files[fmt.Sprint(n)] = noise(10_000 + n)
	}
	var names []string
	var hosts []Host
	for n := range 20 {
		names = append(names, fmt.Sprint("web", n))
		hosts = append(hosts, on(names[n], release.Manifest{}))
	}
	spool := spooled(t.Context(), s, hosts...)
	defer spool.Close()
	whole := func(name string) {
		from, got := taken(t, spool, name, false)
		for p, text := range s.files {
			if from != "" || got["tree/"+p] != text {
				t.Errorf("%s, from %q: %q has %d bytes", name, from, p, len(got[p]))
			}
		}
	}
	var all sync.WaitGroup
	for _, name := range names[1:] {
		all.Go(func() { whole(name) })
	}
	all.Wait()
	whole(names[0])
	if len(s.exports) != 1 || s.exports[0] != nil || len(spool.parcels) != 1 {
		t.Errorf("it was read %d times, and packed %d times", len(s.exports), len(spool.parcels))
	}
}

// Whatever the hosts have, the build host reads and sends no content twice.
func TestEachContentIsReadOnceWhateverTheBases(t *testing.T) {
	files := map[string]string{"a": "A", "b": "B", "c": "C", "d": "D", "again": "D", "moved/e": "E"}
	one := manifestOf(id1, map[string]string{"a": "A", "b": "other", "c": "C", "old/e": "E"})
	one.Files = append(one.Files, release.File{Path: "old", Kind: release.Dir})
	two := manifestOf("20240101T000002", map[string]string{"a": "A", "b": "B", "c": "other"})
	s := &source{files: files, earlier: []release.Manifest{one, two}}
	spool := spooled(t.Context(), s, on("one", one), on("two", two), on("also one", one), on("none", release.Manifest{}))
	defer spool.Close()
	for _, h := range []struct {
		name string
		gets []string
	}{
		{"one", []string{"b", "d", "again"}},
		{"two", []string{"c", "d", "again", "moved/e"}},
		{"also one", []string{"b", "d", "again"}},
		{"none", []string{"a", "b", "c", "d", "again", "moved/e"}},
	} {
		from, got := taken(t, spool, h.name, false)
		for p, text := range files {
			if (text == got["tree/"+p]) != slices.Contains(h.gets, p) {
				t.Errorf("%s gets %q", h.name, got)
			}
		}
		if from == id1 && (got["tree/moved/e"] != "tree/old/e" || got["tree/.slipway.remove"] != "old\n") {
			t.Errorf("%s gets %q", h.name, got)
		}
	}
	read := slices.Concat(s.exports...)
	if slices.Sort(read); !slices.Equal(read, []string{"a", "again", "b", "c", "moved/e"}) {
		t.Errorf("the build host has read %q", s.exports)
	}
	if len(s.exports) != 3 || len(spool.parcels) != 3 {
		t.Errorf("%d exports, %d parcels", len(s.exports), len(spool.parcels))
	}
	if slices.Sort(s.asked); !slices.Equal(s.asked, []release.ID{id1, "20240101T000002"}) {
		t.Errorf("the build host was asked for %q", s.asked)
	}
}

func TestAHostIsAskedForWhatTheBuildHostHasNot(t *testing.T) {
	files := map[string]string{"a": "A", "b": "B"}
	one := manifestOf(id1, map[string]string{"a": "A"})
	silent, good, other := on("silent", one), on("good", one), on("other", one)
	good.own = &one
	s := &source{files: files}
	spool := spooled(t.Context(), s, silent, good, other)
	defer spool.Close()
	for i, name := range []string{"silent", "good", "other"} {
		if from, _ := taken(t, spool, name, false); (from == id1) != (i > 0) {
			t.Errorf("%s: from %q", name, from)
		}
	}
	if silent.asked != 1 || good.asked != 1 || other.asked != 0 || len(s.asked) != 1 {
		t.Errorf("asked: %d, %d, %d and %q", silent.asked, good.asked, other.asked, s.asked)
	}
}

func TestWithoutAUsableBaseEverythingIsSent(t *testing.T) {
	files := map[string]string{"a": "A", "b": "B"}
	one := manifestOf(id1, map[string]string{"a": "A"})
	another := manifestOf(id1, map[string]string{"a": "A", "b": "dir"})
	another.Files[1] = release.File{Path: "b", Kind: release.Dir}
	same := manifestOf(id2, map[string]string{"a": "A"})
	wrong := manifestOf("20240101T000003", nil)
	liar := on("liar", one)
	liar.own = &wrong
	noDigest := on("no digest", one)
	noDigest.seen.CurrentDigest = ""
	old := on("old", release.Manifest{})
	old.seen.Zstd = false
	s := &source{files: files, earlier: []release.Manifest{another, same}}
	for name, h := range map[string]*based{"another kind": on("x", another), "the same ID": on("x", same), "a lie": liar, "none": on("x", release.Manifest{}), "no digest": noDigest, "no zstd": old} {
		h.name = "x"
		spool := spooled(t.Context(), s, h)
		p, err := spool.Open("x", false)
		if err != nil || p.From != "" || (p.Codec == "gzip") != (name == "no zstd") {
			t.Errorf("%s: from %q, by %s, %v", name, p.From, p.Codec, err)
		}
		if got, err := unpacked(p, nil); err != nil || got["tree/a"] != "A" || got["tree/b"] != "B" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		spool.Close()
	}
	spool := spooled(t.Context(), &source{files: files, earlier: []release.Manifest{one}}, on("x", one))
	defer spool.Close()
	if from, got := taken(t, spool, "x", false); from != id1 || got["tree/a"] != "" {
		t.Errorf("from %q: %q", from, got)
	}
	if from, got := taken(t, spool, "x", true); from != "" || got["tree/a"] != "A" {
		t.Errorf("a whole one is from %q: %q", from, got)
	}
}

// A host that has zstd gets new versions of its files as what differs. What a base on the
// build host has is read once for all hosts, and if it cannot be read, more is sent.
func TestANewVersionOfAFileTakesFewBytes(t *testing.T) {
	was := map[string]string{"releases/0.1.0/start.script": noise(50_000), "a": "A"}
	is := map[string]string{"releases/0.1.1/start.script": noise(50_000) + "0.1.1", "a": "A"}
	one := manifestOf(id1, was)
	for name, c := range map[string]struct {
		old  map[release.ID]map[string]string
		zstd bool
		few  bool
		said string
	}{
		"zstd":                            {map[release.ID]map[string]string{id1: was}, true, true, ""},
		"gzip":                            {map[release.ID]map[string]string{id1: was}, false, false, ""},
		"the artifact is gone":            {nil, true, false, "cannot be used to send less; this deploy does not need it: it was removed"},
		"the artifact has other contents": {map[release.ID]map[string]string{id1: is}, true, false, "does not fit its manifest"},
	} {
		var log strings.Builder
		s := &source{files: is, earlier: []release.Manifest{one}, old: c.old}
		hosts := []*based{on("x", one), on("y", one)}
		hosts[0].seen.Zstd, hosts[1].seen.Zstd = c.zstd, c.zstd
		spool := newSpool(t.Context(), s, progress.New(progress.Terminal{W: &log}))
		spool.expect(fleet{&member{Host: hosts[0]}, &member{Host: hosts[1]}})
		for _, h := range []string{"x", "y"} {
			p, err := spool.Open(h, false)
			if err != nil {
				t.Fatal(err)
			}
			packed, err := io.ReadAll(p.Data)
			if err != nil || (len(packed) < 2_000) != c.few {
				t.Errorf("%s: %d bytes, %v", name, len(packed), err)
			}
			p.Data = bytes.NewReader(packed)
			if got, err := unpacked(p, was); err != nil || got["tree/releases/0.1.1/start.script"] != is["releases/0.1.1/start.script"] {
				t.Errorf("%s: %d entries, %v", name, len(got), err)
			}
		}
		if err := spool.Close(); err != nil || !strings.Contains(log.String(), c.said) || (c.said == "") != (log.Len() == 0) {
			t.Errorf("%s: %q, %v", name, log.String(), err)
		}
		if len(s.exports) > 2 {
			t.Errorf("%s: the build host has read %q", name, s.exports)
		}
	}
}

func TestASlowHostHoldsNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{files: map[string]string{"1": noise(1e6), "2": noise(1e6 + 1), "3": noise(1e6 + 2)}, between: func() { time.Sleep(time.Second) }}
		spool := spooled(t.Context(), s, on("slow", release.Manifest{}), on("fast", release.Manifest{}))
		defer spool.Close()
		slow, err := spool.Open("slow", false)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		fast, _ := spool.Open("fast", false)
		if n, err := io.ReadAtLeast(fast.Data, make([]byte, 500_000), 500_000); err != nil || time.Since(began) > 2*time.Second {
			t.Errorf("the first bytes of %d are there after %s: %v", n, time.Since(began), err)
		}
		if n, err := io.Copy(io.Discard, fast.Data); err != nil || n < 2e6 || time.Since(began) > 3*time.Second {
			t.Errorf("%d, %v after %s", n, err, time.Since(began))
		}
		if got, err := unpacked(slow, nil); err != nil || got["tree/3"] != s.files["3"] {
			t.Errorf("%d entries, %v", len(got), err)
		}
	})
}

// failing is an artifact that ends in the middle.
type failing struct {
	*source
	err error
}

func (f failing) Export(ctx context.Context, id release.ID, _ []string, w io.Writer) error {
	return errors.Join(f.source.Export(ctx, id, []string{"a"}, w), f.err)
}

// What came before a failure must never count as complete.
func TestABuildHostThatFailsIsTold(t *testing.T) {
	broken := errors.New("the artifact is gone")
	for _, want := range []error{broken, nil} {
		spool := newSpool(t.Context(), failing{&source{files: map[string]string{"a": "A", "b": "B"}}, want}, quiet)
		spool.expect(fleet{&member{Host: on("x", release.Manifest{})}})
		p, err := spool.Open("x", false)
		if err != nil {
			t.Fatal(err)
		}
		switch _, err := io.Copy(io.Discard, p.Data); {
		case err == nil, want != nil && !errors.Is(err, want), want == nil && !strings.Contains(err.Error(), `"b": it is not in the artifact`):
			t.Errorf("%v", err)
		}
		spool.Close()
	}
}

func TestTheSpoolLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	spool := spooled(t.Context(), &source{files: map[string]string{"a": "A"}}, on("x", release.Manifest{}))
	p, err := spool.Open("x", false)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("while it is in use: %v, %v", files, err)
	}
	io.Copy(io.Discard, p.Data)
	if err := spool.Close(); err != nil {
		t.Error(err)
	}
	if err := newSpool(t.Context(), &source{}, quiet).Close(); err != nil {
		t.Errorf("one that nobody used: %v", err)
	}

	t.Setenv("TMPDIR", dir+"/none")
	spool = spooled(t.Context(), &source{}, on("x", release.Manifest{}))
	defer spool.Close()
	for range 2 {
		if _, err := spool.Open("x", false); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
			t.Errorf("without a place: %v", err)
		}
	}
}

func TestACancelEndsTheSpool(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	spool := spooled(ctx, &source{files: map[string]string{"a": "A", "b": "B"}, between: cancel}, on("x", release.Manifest{}))
	p, err := spool.Open("x", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(p.Data); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	spool.Close()
}

// A new version in the name of a directory, and a few changed files, must stay cheap.
func TestABumpedVersionCostsFewBytes(t *testing.T) {
	old, files := map[string]string{}, map[string]string{}
	for n := range 1300 {
		text := noise(15_000 + n)
		old[fmt.Sprintf("lib/app-0.1.0/ebin/Elixir.App.Module%d.beam", n)] = text
		if n%60 == 0 {
			text = noise(500 + n)
		}
		files[fmt.Sprintf("lib/app-0.1.1/ebin/Elixir.App.Module%d.beam", n)] = text
	}
	one := manifestOf(id1, old)
	spool := spooled(t.Context(), &source{files: files, earlier: []release.Manifest{one}}, on("x", one))
	defer spool.Close()
	p, err := spool.Open("x", false)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, p.Data)
	changed := int64(0)
	for _, text := range files {
		if len(text) < 15_000 {
			changed += int64(len(text))
		}
	}
	t.Logf("%d bytes, of which %d are new contents", n, changed)
	if err != nil || n > changed+20_000 {
		t.Errorf("%d bytes for %d bytes of new contents: %v", n, changed, err)
	}
}
