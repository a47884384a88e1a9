package script

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/parcel"
	"github.com/apxr/slipway/internal/release"
)

// recorded makes the site record each program that its scripts start.
func (s *site) recorded() {
	for _, name := range strings.Fields(commands + " zstd") {
		if name == "sh" {
			continue // the recorder itself is one
		}
		if at, err := exec.LookPath(name); err == nil {
			s.command(name, "echo "+name+` >>"$BASE/programs"; exec `+at+` "$@"`)
		}
	}
}

func (s *site) started() []string { return strings.Fields(s.read("programs")) }

// A host starts few programs for a release, however many files it has.
func TestStagingStartsFewPrograms(t *testing.T) {
	t.Parallel()
	one, two := map[string]content{"lib-1": {}}, map[string]content{"lib-2": {}, "lib-2/new": {text: "new", mode: 0o644}}
	for n := range 300 {
		one[fmt.Sprint("lib-1/", n)] = content{text: fmt.Sprint(n), mode: 0o644}
		two[fmt.Sprint("lib-2/", n)] = content{text: fmt.Sprint(n), mode: 0o644}
	}
	one["0"], two["0"] = content{text: "old", mode: 0o644}, content{text: "new", mode: 0o644}
	for name, c := range map[string]struct {
		delta, zstd bool
		want        string
	}{
		"a first release":   {false, false, "mkdir mkdir gzip tar rm find awk sha256sum flock mv mv sync"},
		"a delta":           {true, false, "mkdir cp find gzip tar rm find awk sha256sum flock mv mv sync"},
		"a delta with zstd": {true, true, "mkdir cp find cat zstd tar rm find awk sha256sum flock mv mv sync"},
	} {
		s := newSite(t)
		s.recorded()
		m1, m2 := manifestOf(r1, one), manifestOf(r2, two)
		must(t, s.stage(m1, whole(t, m1, one)))
		if c.delta {
			s.write("", "programs")
			p := since(t, m1, m2, two)
			if c.zstd {
				p = known(t, m1, m2, one, two)
			}
			must(t, s.stage(m2, p))
		}
		got, want := s.started(), strings.Fields(c.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The artifact of a build host that is a host too is copied, and nothing is unpacked.
func TestAnArtifactIsCopied(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for p, c := range tree() {
		switch at := filepath.Join(ArtifactDir(app, r1), "tree", p); {
		case c.target != "":
			s.writeHome("", filepath.Dir(at), "x")
			must(t, exec.Command("ln", "-s", c.target, filepath.Join(s.home, at)).Run())
		case c.mode != 0:
			s.writeHome(c.text, at)
			must(t, exec.Command("chmod", fmt.Sprintf("%o", c.mode), filepath.Join(s.home, at)).Run())
		}
	}
	must(t, exec.Command("sh", "-c", `find "$1" -name x -delete; chmod 700 "$1"/lib`, "sh", filepath.Join(s.home, ArtifactDir(app, r1), "tree")).Run())
	m := manifest(tree())
	text, err := m.Text()
	must(t, err)
	s.writeHome(string(text), ArtifactDir(app, r1), "manifest.json")
	s.recorded()
	must(t, s.host(nil).StageHere(t.Context(), r1, release.DigestOf(text), app))
	s.has(m, tree())
	if got := s.started(); slices.Contains(got, "tar") || len(got) > 10 {
		t.Errorf("%q", got)
	}
	s.writeHome(string(text)+"\n", ArtifactDir(app, r2), "manifest.json")
	s.writeHome("x", ArtifactDir(app, r2), "tree", "zero")
	wantReason(t, s.host(nil).StageHere(t.Context(), r2, release.DigestOf(text), app), "is not what was built")
	wantReason(t, s.host(nil).StageHere(t.Context(), r3, release.DigestOf(text), app), "could not be copied")
}

func TestAParcelOfEachCodecIsUnpacked(t *testing.T) {
	t.Parallel()
	for _, codec := range []parcel.Codec{parcel.Gzip, parcel.Zstd} {
		s := newSite(t)
		m := manifest(tree())
		d, err := m.Whole()
		must(t, err)
		in, out := io.Pipe()
		go func() {
			out.CloseWithError(parcel.Write(out, codec, d, parcel.Dictionary{}, time.Time{}, textsOf(tree())))
		}()
		must(t, s.stage(m, Parcel{Codec: string(codec), Data: in}))
		s.has(m, tree())
	}
	s := newSite(t)
	m := manifest(tree())
	p := whole(t, m, tree())
	p.Codec = "none-such"
	wantReason(t, s.stage(m, p), "could not be unpacked")
}

func TestAHostTellsWhatADeltaNeeds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := manifest(tree())
	must(t, s.stage(m, whole(t, m, tree())))
	if in := s.inspect(); in.CurrentDigest != "" || !in.Zstd {
		t.Errorf("without a current release: %q, zstd %v", in.CurrentDigest, in.Zstd)
	}
	bare := newSite(t)
	bare.without("zstd")
	if bare.inspect().Zstd {
		t.Error("a host without zstd says that it has it")
	}
	digest, err := m.Digest()
	must(t, err)
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	if in := s.inspect(); in.CurrentDigest != "" {
		t.Errorf("without a history: %q", in.CurrentDigest)
	}
	made := release.Change{Key: "1", Verb: release.Deploy, To: r1, Digest: digest, Outcome: release.Live}
	line, err := made.JSON()
	must(t, err)
	s.write(line+"\n", ".slipway", "history.jsonl")
	if in := s.inspect(); in.CurrentDigest != digest {
		t.Errorf("%q, want %q", in.CurrentDigest, digest)
	}
	if got, err := s.host(nil).Manifest(t.Context(), r1, digest); err != nil || len(got.Files) != len(m.Files) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.host(nil).Manifest(t.Context(), r1, release.DigestOf(nil)); err == nil || !strings.Contains(err.Error(), "has the digest "+digest.Short()) {
		t.Errorf("%v", err)
	}
	if _, err := s.host(nil).Manifest(t.Context(), r2, digest); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	must(t, os.Remove(s.path(".slipway", "releases", string(r1), "manifest.json")))
	if in := s.inspect(); in.CurrentDigest != "" {
		t.Errorf("without a manifest: %q", in.CurrentDigest)
	}
}

// A release of many files is staged, and made from another one, in a time that grows no
// faster than their number.
func TestManyFilesAreStaged(t *testing.T) {
	t.Parallel()
	one, two := map[string]content{}, map[string]content{}
	for dir := range 100 {
		one[fmt.Sprint("lib-1/", dir)], two[fmt.Sprint("lib-2/", dir)] = content{}, content{}
		for n := range 200 {
			c := content{text: fmt.Sprint(dir, n), mode: 0o644}
			one[fmt.Sprint("lib-1/", dir, "/", n)] = c
			if n == 7 {
				c.text = "changed"
			}
			two[fmt.Sprint("lib-2/", dir, "/", n)] = c
		}
	}
	one["lib-1"], two["lib-2"] = content{}, content{}
	s := newSite(t)
	m1, m2 := manifestOf(r1, one), manifestOf(r2, two)
	must(t, s.stage(m1, whole(t, m1, one)))
	d, _, err := m2.Since(m1)
	must(t, err)
	if len(d.Moves) != 100*199 || len(d.Files) != 100 || !slices.Equal(d.Remove, []string{"lib-1"}) {
		t.Errorf("%d moves, %d files, removed %q", len(d.Moves), len(d.Files), d.Remove)
	}
	began := time.Now()
	must(t, s.stage(m2, packed(t, d, two)))
	t.Logf("the delta took %s", time.Since(began))
	s.has(m2, two)
}

// Each step of a change starts few programs, and none for a heartbeat.
func TestStepsStartFewPrograms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	s.prepare(r1, key1, Environment{}) // the launcher
	s.write("{}\n", ".slipway", "history.jsonl")
	s.write("{}\n", ".slipway", "releases", string(r1), "manifest.json")
	s.runs(vm)
	s.recorded()
	s.command("systemctl", `echo systemctl >>"$BASE/programs"; [ "$1" != show ] || { read -r pid <"$BASE/MainPID"; printf 'MainPID=%s\n\n' "$pid"; }`)
	s.command("sudo", `echo sudo >>"$BASE/programs"; shift
		[ "$1" != -l ] || { printf 'User x may run the following commands on y:\n    (ALL) NOPASSWD: ALL\n'; exit; }
		exec "$@"`)
	s.edit = nil
	h := s.host(nil)
	var lock *Lock
	for _, step := range []struct {
		name string
		want string
		do   func() error
	}{
		{"lock", "flock flock bash", func() (err error) {
			lock, err = h.Lock(t.Context(), Holder{What: "first"}, Wait{})
			h.Token = lock.Token
			time.Sleep(heartbeat + time.Second)
			return err
		}},
		{"look", "gzip getconf stat stat sudo awk systemctl awk", func() error {
			_, err := h.Inspect(t.Context(), Look{Units: []string{unit}})
			return err
		}},
		{"prepare", "", func() error { _, _, err := h.Prepare(t.Context(), r2, key1, Environment{}); return err }},
		{"activate", "flock systemctl sync ln ln mv sync sudo systemctl", func() error {
			_, err := h.Activate(t.Context(), Switch{Units: []string{unit}, To: release.Activation{ID: r2}, Record: &begun})
			return err
		}},
		{"probe", "systemctl", func() error { _, err := h.Probe(t.Context(), []string{unit}, nil); return err }},
		{"conclude", "flock tail sync rm", func() error { return h.Conclude(t.Context(), begun) }},
		{"unlock", "", func() error { lock.Release(); return nil }},
	} {
		s.write("", "programs")
		must(t, step.do())
		got, want := s.started(), strings.Fields(step.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", step.name, got, want)
		}
	}
}

// What a deploy sends besides the release: the texts of its scripts.
func TestTheTextsOfADeployAreShort(t *testing.T) {
	t.Parallel()
	sum := len(compact(call{script: "lock"}.source()))
	for _, scripts := range [][]string{{"inspect", "probe"}, {"activate", "conclude"}, {"stage"}} {
		s := session{sent: map[string]bool{}}
		sum += len(sessionText()) + len(s.texts(scripts...))
	}
	if sum > 37<<10 {
		t.Errorf("%d bytes", sum)
	}
}
