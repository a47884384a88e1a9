package build

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

const (
	r1 release.ID = "20240101T000000"
	r2 release.ID = "20240102T000000"
	r3 release.ID = "20240103T000000"
)

var app = release.App{Org: "apxr", Name: "apxr_io"}

// server is this machine with its own home directory.
type server struct {
	Host // for the methods that are not needed here
	home string
}

func (s server) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Env = append(os.Environ(), "HOME="+s.home)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	in, err := cmd.StdinPipe() // as over SSH, the call does not wait for the end of its input
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		io.Copy(in, stdin)
		in.Close()
	}()
	return cmd.Wait()
}

func (s server) ReadFile(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(s.home, name))
}

func newServer(t *testing.T, ids ...release.ID) server {
	s := server{home: t.TempDir()}
	for _, id := range ids {
		data, err := release.Manifest{
			Format: release.ManifestFormat, ReleaseID: id, Org: app.Org, App: app.Name, Version: "0.2.0",
			Files: []release.File{{Path: "x", Kind: release.Dir}},
		}.JSON()
		must(t, err)
		s.write(t, string(data), script.ArtifactDir(app, id), "manifest.json")
	}
	return s
}

func (s server) write(t *testing.T, text string, parts ...string) {
	file := filepath.Join(append([]string{s.home}, parts...)...)
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(text), 0o644))
}

func (s server) has(id release.ID) bool {
	_, err := os.Stat(filepath.Join(s.home, script.ArtifactDir(app, id)))
	return err == nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// paper is a face that keeps the log.
type paper []string

func (p *paper) Group(s string)               { *p = append(*p, "group "+s) }
func (p *paper) EndGroup()                    {}
func (p *paper) Error(s string)               { *p = append(*p, "error "+s) }
func (p *paper) Warning(s string)             { *p = append(*p, "warning "+s) }
func (p *paper) Annotate(progress.Annotation) {}
func (p *paper) Notice(s string)              { *p = append(*p, "notice "+s) }
func (p *paper) Line(s string)                { *p = append(*p, s) }

func TestAnOpenArtifactStays(t *testing.T) {
	s, log := newServer(t, r1, r2), progress.New(&paper{})
	a, err := OpenArtifact(t.Context(), s, app, r1, log)
	must(t, err)
	if m := a.Manifest(); m.ReleaseID != r1 || len(m.Files) != 1 {
		t.Errorf("%+v", m)
	}
	sweep(t.Context(), s, Plan{App: app, KeepArtifacts: 1}, r2, log)
	if !s.has(r1) {
		t.Error("removed under the deploy's hands")
	}
	a.Close()
	sweep(t.Context(), s, Plan{App: app, KeepArtifacts: 1}, r2, log)
	if s.has(r1) || !s.has(r2) {
		t.Error("a closed artifact is held")
	}
}

func TestAnArtifactIsKnownByItsDigest(t *testing.T) {
	s := newServer(t, r1)
	file := filepath.Join(s.home, script.ArtifactDir(app, r1), "manifest.json")
	data, err := os.ReadFile(file)
	must(t, err)
	digest := release.DigestOf(data)
	must(t, is(t, s, digest))
	must(t, is(t, s, ""))
	// Another build makes another release under the same ID.
	must(t, os.WriteFile(file, []byte(strings.Replace(string(data), `"version": "0.2.0"`, `"version": "6.6.6"`, 1)), 0o644))
	must(t, is(t, s, ""))
	err = is(t, s, digest)
	if err == nil || !strings.Contains(err.Error(), "has other contents than the release that is to be deployed (digest ") || !strings.Contains(err.Error(), digest.Short()) {
		t.Errorf("a replaced artifact: %v", err)
	}
}

func TestTheManifestOfAnEarlierArtifactIsThatWithTheDigest(t *testing.T) {
	s := newServer(t, r1, r2)
	a, err := OpenArtifact(t.Context(), s, app, r2, progress.New(&paper{}))
	must(t, err)
	defer a.Close()
	text, err := os.ReadFile(filepath.Join(s.home, script.ArtifactDir(app, r1), "manifest.json"))
	must(t, err)
	if m, err := a.Earlier(t.Context(), r1, release.DigestOf(text)); err != nil || m.ReleaseID != r1 {
		t.Errorf("%s, %v", m.ReleaseID, err)
	}
	if _, err := a.Earlier(t.Context(), r1, release.DigestOf(nil)); err == nil || !strings.Contains(err.Error(), "has the digest "+release.DigestOf(text).Short()) {
		t.Errorf("another digest: %v", err)
	}
	if _, err := a.Earlier(t.Context(), r3, release.DigestOf(text)); err == nil {
		t.Error("one that is not there was read")
	}
}

func is(t *testing.T, s server, d release.Digest) error {
	t.Helper()
	a, err := OpenArtifact(t.Context(), s, app, r1, progress.New(&paper{}))
	must(t, err)
	defer a.Close()
	return a.Is(d)
}

func TestAnArtifactThatCannotBeOpenedIsNotHeld(t *testing.T) {
	log := progress.New(&paper{})
	dir := func(s server, id release.ID) string { return filepath.Join(s.home, script.ArtifactDir(app, id)) }
	for name, c := range map[string]struct {
		id    release.ID
		spoil func(s server) error
		want  string
	}{
		"not there":       {r3, func(server) error { return nil }, "no artifact 20240103T000000 of apxr/apxr_io"},
		"no manifest":     {r1, func(s server) error { return os.Remove(filepath.Join(dir(s, r1), "manifest.json")) }, "build its revision again"},
		"no JSON":         {r1, func(s server) error { return os.WriteFile(filepath.Join(dir(s, r1), "manifest.json"), nil, 0o644) }, "manifest: unexpected end"},
		"somebody else's": {r3, func(s server) error { return os.Rename(dir(s, r2), dir(s, r3)) }, "is that of apxr/apxr_io 20240102T000000"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, r1, r2)
			must(t, c.spoil(s))
			_, err := OpenArtifact(t.Context(), s, app, c.id, log)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			sweep(t.Context(), s, Plan{App: app, KeepArtifacts: 0}, "", log)
			if s.has(c.id) {
				t.Error("it is still held")
			}
		})
	}
}

func TestListIsNewestFirst(t *testing.T) {
	s := newServer(t, r1, r3, r2)
	list, err := List(t.Context(), s, app, progress.New(&paper{}))
	must(t, err)
	if len(list) != 3 || list[0].ID != r3 || list[1].ID != r2 || list[2].ID != r1 || list[0].Manifest.Version != "0.2.0" {
		t.Errorf("%+v", list)
	}
}

func TestASweepIsOneLineOfTheLog(t *testing.T) {
	s, p := newServer(t, r1, r2, r3), &paper{}
	log := progress.New(p)
	sweep(t.Context(), s, Plan{App: app, KeepArtifacts: 3}, r3, log)
	if len(*p) != 0 {
		t.Errorf("nothing was removed, and it says %q", *p)
	}
	sweep(t.Context(), s, Plan{App: app, KeepArtifacts: 1}, r3, log)
	if want := "build: old artifacts removed: 20240101T000000, 20240102T000000"; !slices.Equal(*p, []string{want}) {
		t.Errorf("%q, want %q", *p, want)
	}
}

func TestASweepThatFailsIsANotice(t *testing.T) {
	s, p := newServer(t, r1, r2, r3), &paper{}
	s.write(t, "in the way", script.PartialArtifactDir(app, r1), "file")
	sweep(t.Context(), s, Plan{App: app, KeepArtifacts: 1}, r3, progress.New(p))
	if len(*p) != 2 || (*p)[0] != "build: old artifacts removed: 20240102T000000" ||
		!strings.HasPrefix((*p)[1], "notice not all old artifacts of apxr/apxr_io could be removed") || !strings.Contains((*p)[1], "mv: cannot ") {
		t.Errorf("%q", *p)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gone"))
	*p = nil
	sweep(ctx, s, Plan{App: app, KeepArtifacts: 1}, r3, progress.New(p))
	if len(*p) != 1 || !strings.HasPrefix((*p)[0], "notice ") {
		t.Errorf("%q", *p)
	}
}

func TestSweepChoosesTheOldAndNothingElse(t *testing.T) {
	all := []release.ID{r2, r3, r1}
	at := time.Date(2024, 1, 4, 0, 0, 0, 0, time.FixedZone("", 0))
	for name, c := range map[string]struct {
		present []release.ID
		keep    int
		minAge  time.Duration
		own     release.ID
		want    []release.ID
	}{
		"the oldest go":              {all, 2, 0, "", []release.ID{r1}},
		"in their order":             {all, 0, 0, "", []release.ID{r1, r2, r3}},
		"enough room":                {all, 3, 0, "", nil},
		"more than enough":           {all, 9, 0, "", nil},
		"a mistake keeps none":       {all, -1, 0, "20250101T000000", []release.ID{r1, r2, r3}},
		"none":                       {nil, 0, 0, "", nil},
		"the own one stays":          {all, 0, 0, r1, []release.ID{r2, r3}},
		"it is one of the newest":    {all, 1, 0, r3, []release.ID{r1, r2}},
		"the young stay":             {all, 0, 48*time.Hour + time.Second, "", []release.ID{r1}},
		"as old as that is old":      {all, 0, 48 * time.Hour, "", []release.ID{r1, r2}},
		"all young":                  {all, 0, 73 * time.Hour, "", nil},
		"made by a clock that is on": {[]release.ID{r1, "20240105T000000"}, 0, time.Second, "", []release.ID{r1}},
	} {
		if got := release.Sweep(c.present, at, c.keep, c.minAge, c.own); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if !slices.Equal(all, []release.ID{r2, r3, r1}) {
		t.Errorf("the argument was changed: %q", all)
	}
}

func TestSweepNeverChoosesWhatMustStay(t *testing.T) {
	begin := time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		times := map[release.ID]time.Time{}
		var present []release.ID
		for range random.IntN(12) {
			at := begin.Add(time.Duration(random.IntN(72)) * time.Hour)
			id := release.NewID(at)
			if _, double := times[id]; !double {
				present = append(present, id)
			}
			times[id] = at
		}
		own := release.NewID(begin.Add(time.Duration(random.IntN(72)) * time.Hour))
		if len(present) > 0 && random.IntN(2) == 0 {
			own = present[random.IntN(len(present))]
		}
		keep, minAge := random.IntN(8), time.Duration(random.IntN(72*60))*time.Minute
		now := begin.Add(time.Duration(random.IntN(80*3600*1000)) * time.Millisecond)
		removed := release.Sweep(present, now, keep, minAge, own)
		for _, id := range present {
			newer := 0
			for _, other := range present {
				if times[other].After(times[id]) {
					newer++
				}
			}
			stays := newer < keep || now.Sub(times[id]) < minAge || id == own
			if stays == slices.Contains(removed, id) {
				t.Fatalf("seed %d: %s removed: %v; present %q, keep %d, minAge %v, own %s, now %v, removed %q", seed, id, !stays, present, keep, minAge, own, now, removed)
			}
		}
		if len(removed) > len(present) {
			t.Fatalf("seed %d: removes %q of %q", seed, removed, present)
		}
	}
}
