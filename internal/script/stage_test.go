package script

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/parcel"
	"github.com/apxr/slipway/internal/release"
)

const (
	r1 release.ID = "20240101T000000"
	r2 release.ID = "20240102T000000"
	r3 release.ID = "20240103T000000"
)

func record(key string) release.Change {
	return release.Change{Key: key, Verb: release.Deploy, From: r1, To: r2, Who: `a "quoted" <person>`, Outcome: release.Live}
}

// begun is the record of a change that a test is in the middle of.
var begun = release.Change{Key: "1", Verb: release.Deploy, From: r1, To: r2}

// content is a small release by path. A target makes a link, a mode a file.
type content struct {
	text, target string
	mode         int64
}

func tree() map[string]content {
	return map[string]content{
		"bin": {}, "bin/app": {text: "#!/bin/sh\n", mode: 0o755}, "lib": {}, "lib/two words": {text: "x", mode: 0o644},
		"lib/link": {target: "../bin/app"}, "zero": {mode: 0o600},
	}
}

func (c content) entry(path string) (release.File, byte) {
	switch {
	case c.target != "":
		return release.File{Path: path, Kind: release.Link, Target: c.target}, tar.TypeSymlink
	case c.mode == 0:
		return release.File{Path: path, Kind: release.Dir}, tar.TypeDir
	}
	sum := sha256.Sum256([]byte(c.text))
	return release.File{Path: path, Kind: release.Regular, Mode: uint32(c.mode), Size: int64(len(c.text)), SHA256: hex.EncodeToString(sum[:])}, tar.TypeReg
}

func manifest(contents map[string]content) release.Manifest { return manifestOf(r1, contents) }

// manifestOf lists the files in their order, as a build does: a patch of two lists may have
// to repeat lines that are not in order.
func manifestOf(id release.ID, contents map[string]content) release.Manifest {
	m := release.Manifest{Format: release.ManifestFormat, ReleaseID: id, Org: "apxr", App: "app"}
	for _, path := range slices.Sorted(maps.Keys(contents)) {
		f, _ := contents[path].entry(path)
		m.Files = append(m.Files, f)
	}
	return m
}

// whole returns the parcel of a release without a base.
func whole(t *testing.T, m release.Manifest, contents map[string]content) Parcel {
	t.Helper()
	d, err := m.Whole()
	must(t, err)
	return packed(t, d, contents)
}

// textsOf are the contents of a release for a parcel.
type textsOf map[string]content

func (c textsOf) Open(f release.File) (io.Reader, error) {
	return strings.NewReader(c[f.Path].text), nil
}
func (textsOf) Settle([]release.File) error { return nil }

func packed(t *testing.T, d release.Delta, contents map[string]content) Parcel {
	t.Helper()
	var b bytes.Buffer
	must(t, parcel.Write(&b, parcel.Gzip, d, parcel.Dictionary{}, time.Unix(1700000000, 0), textsOf(contents)))
	return Parcel{From: d.From, Codec: "gzip", Data: &b}
}

// stage stages a release as the parcel has it.
func (s *site) stage(m release.Manifest, p Parcel) error {
	s.t.Helper()
	digest, err := m.Digest()
	must(s.t, err)
	var log strings.Builder
	_, err = s.host(&log).Stage(s.t.Context(), m.ReleaseID, digest, p)
	if err != nil {
		s.t.Logf("log: %s", log.String())
	}
	return err
}

func TestAReleaseIsStagedAsItWasBuilt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := manifest(tree())
	must(t, s.stage(m, whole(t, m, tree())))
	if got := s.read("releases", string(r1), "lib", "link"); got != "#!/bin/sh\n" {
		t.Errorf("%q", got)
	}
	for path, want := range map[string]os.FileMode{"": 0o750, "bin": 0o750, "bin/app": 0o750, "lib/two words": 0o640, "zero": 0o600} {
		info, err := os.Stat(s.path("releases", string(r1), path))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%q has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
	if got := s.entries("releases"); !slices.Equal(got, []string{string(r1)}) {
		t.Errorf("%q", got)
	}
	text, err := m.Text()
	must(t, err)
	if got := s.entries(".slipway", "releases", string(r1)); !slices.Equal(got, []string{"manifest.json"}) || s.read(".slipway", "releases", string(r1), "manifest.json") != string(text) {
		t.Errorf("beside the release it has %q", got)
	}
	must(t, s.host(nil).Recheck(t.Context(), r1))
	wantReason(t, s.stage(m, whole(t, m, tree())), "is there, and was not when this run looked: run it again")
	must(t, s.host(nil).Recheck(t.Context(), r1))
}

func TestWhatIsNotWhatWasBuiltIsNotStaged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]content){
		"an extra file":      func(c map[string]content) { c["lib/evil"] = content{text: "x", mode: 0o644} },
		"an extra link":      func(c map[string]content) { c["lib/evil"] = content{target: "etc"} },
		"an extra directory": func(c map[string]content) { c["lib/evil"] = content{} },
		"a missing file":     func(c map[string]content) { delete(c, "zero") },
		"a changed byte":     func(c map[string]content) { c["lib/two words"] = content{text: "y", mode: 0o644} },
		"a changed size":     func(c map[string]content) { c["lib/two words"] = content{text: "xx", mode: 0o644} },
		"a changed mode":     func(c map[string]content) { c["bin/app"] = content{text: "#!/bin/sh\n", mode: 0o644} },
		"a changed link":     func(c map[string]content) { c["lib/link"] = content{target: "../zero"} },
		"a file for a link":  func(c map[string]content) { c["lib/link"] = content{text: "x", mode: 0o644} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			m, bad := manifest(tree()), tree()
			change(bad)
			d, err := manifest(bad).Whole()
			must(t, err)
			d.Text, err = m.Text()
			must(t, err)
			wantReason(t, s.stage(m, packed(t, d, bad)), "is not what was built")
			if left := s.entries("releases"); len(left) > 0 {
				t.Errorf("it left %q", left)
			}
			must(t, s.stage(m, whole(t, m, tree())))
		})
	}
}

func TestAnotherManifestIsNotStaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := manifest(tree())
	p := whole(t, m, tree())
	m.Version = "2"
	wantReason(t, s.stage(m, p), "is not what was built")
}

func TestATruncatedReleaseIsNotStaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := manifest(tree())
	data, err := io.ReadAll(whole(t, m, tree()).Data)
	must(t, err)
	for _, n := range []int{0, 1, 10, len(data) / 2, len(data) - 9, len(data) - 1} {
		wantReason(t, s.stage(m, Parcel{Codec: "gzip", Data: bytes.NewReader(data[:n])}), "could not be unpacked")
		if left := s.entries("releases"); len(left) > 0 {
			t.Errorf("after %d bytes it left %q", n, left)
		}
	}
}

func TestRecheckFindsWhatChangedSince(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]string{
		"a byte": "printf y >'lib/two words'", "an extra file": "touch lib/new", "a mode": "chmod 700 bin/app",
		"a missing file": "rm zero", "no release": "cd ..; rm -rf ./" + string(r1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			m := manifest(tree())
			must(t, s.stage(m, whole(t, m, tree())))
			cmd := exec.Command("sh", "-c", damage)
			cmd.Dir = s.path("releases", string(r1))
			must(t, cmd.Run())
			wantReason(t, s.host(nil).Recheck(t.Context(), r1), "not what was built")
		})
	}
}

func TestConcludeWritesTheHistoryAndEndsTheChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write(`{"key":"1","verb":"deploy"}`, ".slipway", "change")
	wantReason(t, s.host(nil).Conclude(t.Context(), record("2")), "is the record of another change")
	must(t, s.host(nil).Conclude(t.Context(), record("1")))
	must(t, s.host(nil).Conclude(t.Context(), record("1"))) // if the answer was lost, once more
	if s.read(".slipway", "change") != "" {
		t.Error("the change record is still there")
	}
	s.write(s.read(".slipway", "history.jsonl")+`{"key":"torn`, ".slipway", "history.jsonl")
	must(t, s.host(nil).Conclude(t.Context(), record("2")))
	want, err := record("2").JSON()
	must(t, err)
	lines := strings.Split(s.read(".slipway", "history.jsonl"), "\n")
	if len(lines) != 4 || lines[1] != `{"key":"torn` || lines[2] != want || lines[3] != "" {
		t.Errorf("%q", lines)
	}
	// After a power failure, ext4 may have the new length of a file without its
	// data.
	s.write(s.read(".slipway", "history.jsonl")+"\x00\x00\x00", ".slipway", "history.jsonl")
	must(t, s.host(nil).Conclude(t.Context(), record("3")))
	want, err = record("3").JSON()
	must(t, err)
	if lines := strings.Split(s.read(".slipway", "history.jsonl"), "\n"); len(lines) != 6 || lines[4] != want {
		t.Errorf("after NULs: %q", lines)
	}
	s.write(`{"key":"2","verb":"deploy"}`, ".slipway", "change")
	before := s.read(".slipway", "history.jsonl")
	must(t, s.host(nil).Forget(t.Context(), "2"))
	if s.read(".slipway", "change") != "" || s.read(".slipway", "history.jsonl") != before {
		t.Error("Forget did not remove the record alone")
	}
}

// Why a change was reverted may be in an application's words, and everybody on a
// host can read arguments.
func TestTheReasonOfAChangeIsInNoArgumentList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("sync", `tr '\0' ' ' </proc/$PPID/cmdline >>"$BASE/arguments"`)
	c := record("1")
	c.Reason = "the health URL says the-words-of-an-application"
	must(t, s.host(nil).Conclude(t.Context(), c))
	arguments := s.read("arguments")
	if !strings.Contains(arguments, "step.shell") || strings.Contains(arguments, "application") || strings.Contains(arguments, "words") {
		t.Errorf("arguments: %q", arguments)
	}
	if !strings.Contains(s.read(".slipway", "history.jsonl"), c.Reason) {
		t.Error("the reason is not in the history")
	}
}

func TestPruneRemovesReleasesTheirListsAndLeftovers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, id := range []release.ID{r1, r2, r3} {
		s.write("x", "releases", string(id), "f")
		s.write("x", ".slipway", "releases", string(id), "listing")
	}
	s.write("x", "releases", "20230101T000000.part", "f")
	s.write("x", ".slipway", "releases", "20230101T000000", "listing") // file of the leftover
	s.write("secret", "activations", key1, "environment")
	s.write("secret", "activations", key2, "environment")
	pruned, err := s.host(nil).Prune(t.Context(), []release.ID{r1, r2}, []string{key1})
	must(t, err)
	if !slices.Equal(pruned.Removed, []release.ID{r1, r2}) || !slices.Equal(s.entries("releases"), []string{string(r3)}) ||
		!slices.Equal(s.entries(".slipway", "releases"), []string{string(r3)}) || !slices.Equal(s.entries("activations"), []string{key2}) {
		t.Errorf("%+v, left %q, %q and %q", pruned, s.entries("releases"), s.entries(".slipway", "releases"), s.entries("activations"))
	}
	pruned, err = s.host(nil).Prune(t.Context(), []release.ID{r1}, nil)
	wantReason(t, err, "cannot remove")
	if len(pruned.Removed) > 0 {
		t.Errorf("%+v", pruned)
	}
	if pruned, err := s.host(nil).Prune(t.Context(), nil, nil); err != nil || len(pruned.Removed) > 0 || len(s.entries("releases")) != 1 {
		t.Errorf("%+v %v", pruned, err)
	}
}

func TestPruneGoesOnAfterWhatCannotBeRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1)+".part", "f")
	s.write("x", "releases", string(r2), "f")
	s.write("x", "releases", string(r3), "f")
	s.write("secret", "activations", key1, "environment")
	s.command("rm", `case $* in *releases/`+string(r1)+`*|*releases/`+string(r2)+`*) echo "rm: no" >&2; exit 1 ;; esac; exec /bin/rm "$@"`)
	var log strings.Builder
	pruned, err := s.host(&log).Prune(t.Context(), []release.ID{r2, r3}, []string{key1})
	wantReason(t, err, "cannot remove the leftovers in "+s.path("releases")+": see the lines above")
	if !slices.Equal(pruned.Removed, []release.ID{r2, r3}) || len(s.entries("activations")) > 0 || log.String() != "rm: no\n" {
		t.Errorf("%+v, left %q, log %q", pruned, s.entries("activations"), log.String())
	}
}

func TestPruneKeepsWhatAProcessRunsFrom(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	s.process(s.path("releases", string(r1), "erts/bin/beam"))
	pruned, err := s.host(nil).Prune(t.Context(), []release.ID{r1, r2}, nil)
	must(t, err)
	if !slices.Equal(pruned.Removed, []release.ID{r2}) || !slices.Equal(pruned.InUse, []release.ID{r1}) || !slices.Equal(s.entries("releases"), []string{string(r1)}) {
		t.Errorf("%+v, left %q", pruned, s.entries("releases"))
	}
}

func TestTidyRemovesWhatDeadRunsLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2)+".part", "f")
	s.write("x", "launch.new")
	s.write("x", ".slipway", "scratch.OLD", "f")
	s.write("x", ".slipway", "change.new")
	s.write("x", ".slipway", "releases", string(r2)+".OLD", "known")
	must(t, os.Symlink("releases/"+string(r2), s.path("next")))
	must(t, os.Symlink("releases/"+string(r2), s.path("current.new")))
	must(t, os.Symlink("releases/"+string(r2), s.path(".slipway", "back")))
	before := s.inspect()
	if want := []string{"releases/" + string(r2) + ".part", "next", "current.new", "launch.new", ".slipway/scratch.OLD", ".slipway/change.new", ".slipway/releases/" + string(r2) + ".OLD", ".slipway/back"}; !slices.Equal(before.Leftovers, want) {
		t.Errorf("%q, want %q", before.Leftovers, want)
	}
	must(t, s.host(nil).Tidy(t.Context()))
	if after := s.inspect(); len(after.Leftovers) > 0 || !slices.Equal(after.Releases, []release.ID{r1}) {
		t.Errorf("%q, %v", after.Leftovers, after.Releases)
	}
}

const (
	key1 = "20240101T000000.000000001"
	key2 = "20240102T000000.000000002"
)

// process starts a process with this word among its arguments, until the test
// ends.
func (s *site) process(word string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command("sh", "-c", "sleep 9; :", "cookie", word)
	must(s.t, cmd.Start())
	s.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func (s *site) look() Look { return Look{Units: []string{unit}} }

func (s *site) inspect() Inspection {
	s.t.Helper()
	in, err := s.host(nil).Inspect(s.t.Context(), s.look())
	must(s.t, err)
	return in
}
