package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// store is a build host with artifacts, at 2024-01-04 00:00 UTC.
type store struct{ *site }

// onEachShell runs a test with each shell that may be /bin/sh.
func onEachShell(t *testing.T, ids []release.ID, test func(t *testing.T, s store)) {
	t.Parallel()
	for _, shell := range []string{"dash", "bash"} {
		file, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := store{newSite(t)}
			must(t, os.Symlink(file, filepath.Join(s.bin, "sh")))
			s.command("date", `[ "$*" = +%s ] && echo 1704326400`)
			for _, id := range ids {
				s.put(id)
			}
			test(t, s)
		})
	}
}

func storedManifest(id release.ID) release.Manifest {
	return release.Manifest{
		Format: release.ManifestFormat, ReleaseID: id, Org: app.Org, App: app.Name, Version: "0.2.0", Revision: "abc", Ref: `a "ref", {`,
		BuiltAt: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), MixLock: "123", Files: []release.File{{Path: "x", Kind: release.Dir}},
	}
}

func (s store) put(id release.ID) {
	data, err := storedManifest(id).JSON()
	must(s.t, err)
	s.putManifest(id, string(data))
}

func (s store) putManifest(id release.ID, text string) {
	s.writeHome("#!/bin/sh\n", ArtifactDir(app, id), "tree", "bin", "app")
	s.writeHome(text, ArtifactDir(app, id), "manifest.json")
}

func (s store) dir(names ...string) string {
	return filepath.Join(append([]string{s.home, BuildDir(app), "artifacts"}, names...)...)
}

func (s store) wantNames(dir string, want ...string) {
	s.t.Helper()
	list, err := os.ReadDir(dir)
	must(s.t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, want) {
		s.t.Errorf("%s has %q, want %q", dir, names, want)
	}
}

// wantSwept sweeps all but the newest artifact. It waits for IDs for as long as
// a holder may need to notice its end.
func (s store) wantSwept(want ...release.ID) {
	s.t.Helper()
	var removed []release.ID
	for range 40 {
		more, err := s.store().Sweep(s.t.Context(), 1, 0, "")
		must(s.t, err)
		if removed = append(removed, more...); len(removed) >= len(want) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !slices.Equal(removed, want) {
		s.t.Errorf("swept %q, want %q", removed, want)
	}
}

func (s store) hold(ctx context.Context, id release.ID) *Lock {
	s.t.Helper()
	lock, err := s.store().Hold(ctx, id)
	must(s.t, err)
	return lock
}

// instead puts a command before the system's, which the command can run as
// "$real".
func (s store) instead(name, body string) {
	file, err := exec.LookPath(name)
	must(s.t, err)
	s.command(name, "real="+file+"\n"+body)
}

func (s store) waitFor(file string) string {
	s.t.Helper()
	for range 200 {
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
			return string(text)
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("%s did not appear", file)
	return ""
}

func TestAHeldArtifactIsNotSwept(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2, r3}, func(t *testing.T, s store) {
		first, second := s.hold(t.Context(), r1), s.hold(t.Context(), r1)
		s.wantSwept(r2)
		first.Release()
		s.wantSwept()
		s.wantNames(s.dir(), string(r1), string(r3))
		s.wantNames(s.dir(string(r1)), "manifest.json", "tree")
		select {
		case <-second.Lost():
			t.Error("a sweep took the hold away")
		default:
		}
		second.Release()
		s.wantSwept(r1)
		s.wantNames(s.dir(), string(r3))
	})
}

func TestAnArtifactThatIsNotThereCannotBeHeld(t *testing.T) {
	const reason = "the build server has no artifact 20240101T000000 of apxr/apxr_io: see which it has with 'slipway artifacts'"
	onEachShell(t, nil, func(t *testing.T, s store) {
		want := func() {
			t.Helper()
			_, err := s.store().Hold(t.Context(), r1)
			wantReason(t, err, reason)
		}
		want()
		s.writeHome("x", PartialArtifactDir(app, r1), "manifest.json")
		s.writeHome("no directory", ArtifactDir(app, r1))
		want()
		must(t, os.Remove(s.dir(string(r1))))
		s.put(r1)
		s.put(r2)
		must(t, os.RemoveAll(s.dir(string(r1)+".part")))
		s.wantSwept(r1)
		want()
		s.wantNames(s.dir(), string(r2))
	})
}

func TestAHolderThatFindsASweepUnderWayIsToldSo(t *testing.T) {
	onEachShell(t, []release.ID{r1}, func(t *testing.T, s store) {
		s.instead("flock", `echo yes >"$HOME/waiting"; exec "$real" "$@"`)
		sweep, err := os.Open(s.dir(string(r1)))
		must(t, err)
		defer sweep.Close()
		must(t, syscall.Flock(int(sweep.Fd()), syscall.LOCK_EX))
		held := make(chan error)
		go func() {
			_, err := s.store().Hold(t.Context(), r1)
			held <- err
		}()
		s.waitFor(filepath.Join(s.home, "waiting"))
		must(t, os.Rename(s.dir(string(r1)), s.dir(string(r1)+".part")))
		select {
		case err := <-held:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		must(t, syscall.Flock(int(sweep.Fd()), syscall.LOCK_UN))
		wantReason(t, <-held, "has no artifact")
	})
}

func TestAHoldOfACancelledRunEndsWhenItIsReleased(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2}, func(t *testing.T, s store) {
		ctx, cancel := context.WithCancel(t.Context())
		lock := s.hold(ctx, r1)
		cancel()
		lock.Release()
		s.wantSwept(r1)
	})
}

func TestSilenceEndsAHold(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2}, func(t *testing.T, s store) {
		s.impatient()
		lock := s.hold(t.Context(), r1) // its second heartbeat comes after 5 s
		defer lock.Release()
		select {
		case <-lock.Lost():
		case <-time.After(3 * time.Second):
			t.Error("a silent holder holds on")
		}
		s.wantSwept(r1)
	})
}

func TestAChildDoesNotKeepAHold(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2}, func(t *testing.T, s store) {
		s.command("bash", `echo $PPID $$ >"$HOME/pid.new"; mv "$HOME/pid.new" "$HOME/pid"; exec sleep 30`)
		s.hold(t.Context(), r1)
		var script, child int
		_, err := fmt.Sscan(s.waitFor(filepath.Join(s.home, "pid")), &script, &child)
		must(t, err)
		t.Cleanup(func() { syscall.Kill(child, syscall.SIGKILL) })
		must(t, syscall.Kill(script, syscall.SIGKILL))
		s.wantSwept(r1)
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child)); err != nil || strings.Contains(string(state), ") Z ") {
			t.Error("the child was gone: this proves nothing")
		}
	})
}

func TestASweepsChildrenDoNotGetItsLock(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2}, func(t *testing.T, s store) {
		for _, name := range []string{"mv", "rm"} {
			s.instead(name, `ls -l /proc/$$/fd >>"$HOME/fds"; exec "$real" "$@"`)
		}
		s.wantSwept(r1)
		if fds := s.waitFor(filepath.Join(s.home, "fds")); strings.Count(fds, " 2 -> ") != 2 || strings.Contains(fds, string(r1)) {
			t.Errorf("%s", fds)
		}
	})
}

func TestASweepKeepsTheNewestTheYoungAndItsOwn(t *testing.T) {
	all := []release.ID{r1, r2, r3, "20240103T120000"}
	onEachShell(t, all, func(t *testing.T, s store) {
		for _, c := range []struct {
			keep   int
			minAge time.Duration
			own    release.ID
			want   []release.ID
			calls  int
		}{
			{4, 0, "", nil, 1},
			{1, 72 * time.Hour, r1, nil, 1},
			{1, 24 * time.Hour, r1, []release.ID{r2, r3}, 2}, // an age of exactly 24 h is not younger
			{1, 0, "", []release.ID{r1}, 2},
			{1, 0, "", nil, 1},
		} {
			m := &counted{Machine: s}
			got, err := Store{Machine: m, App: app}.Sweep(t.Context(), c.keep, c.minAge, c.own)
			must(t, err)
			if !slices.Equal(got, c.want) || m.calls != c.calls {
				t.Errorf("%+v: removed %q in %d calls", c, got, m.calls)
			}
		}
		s.wantNames(s.dir(), "20240103T120000")
	})
}

// counted counts the round trips and records the answers.
type counted struct {
	Machine
	calls int
	said  bytes.Buffer
}

func (m *counted) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	m.calls++
	return m.Machine.Exec(ctx, command, stdin, io.MultiWriter(stdout, &m.said), stderr)
}

// They are not removed, and they do not count among the newest.
func TestASweepLeavesWhatIsNoArtifact(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2}, func(t *testing.T, s store) {
		others := []string{"20250101T000000.part", "20250101T000000\nartifact=20240103T000000", "20251301T000000", "T", "note"}
		for _, name := range others {
			s.writeHome("x", BuildDir(app), "artifacts", name, "file")
		}
		s.writeHome("no directory", BuildDir(app), "artifacts", "20250102T000000")
		others = append(others, "20250102T000000")
		s.wantSwept(r1)
		s.wantNames(s.dir(), slices.Sorted(slices.Values(append(others, string(r2))))...)
		got, err := s.store().Sweep(t.Context(), 0, 0, "")
		if err != nil || !slices.Equal(got, []release.ID{r2}) {
			t.Errorf("removed %q, %v", got, err)
		}
		s.wantNames(s.dir(), slices.Sorted(slices.Values(others))...)
	})
}

func TestASweepWhereNothingWasEverBuilt(t *testing.T) {
	onEachShell(t, nil, func(t *testing.T, s store) {
		if got, err := s.store().Sweep(t.Context(), 1, 0, ""); err != nil || got != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestASweepGoesOnAfterAFailure(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2, r3}, func(t *testing.T, s store) {
		s.writeHome("in the way", PartialArtifactDir(app, r1), "file")
		s.instead("rm", `case $* in *`+string(r2)+`*) printf 'rm: no\nnor this\n' >&2; exit 1; esac; exec "$real" "$@"`)
		got, err := s.store().Sweep(t.Context(), 0, 0, "")
		if !slices.Equal(got, []release.ID{r3}) || err == nil {
			t.Fatalf("removed %q, %v", got, err)
		}
		for _, words := range []string{s.dir(string(r1)) + ": mv: cannot ", s.dir(string(r2)) + ": rm: no"} {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%q does not say %q", err, words)
			}
		}
		if strings.Contains(err.Error(), "nor this") {
			t.Error("a tree of files that stay makes a line for each")
		}
		s.wantNames(s.dir(), string(r1), string(r1)+".part", string(r2)+".part")
	})
}

// Another sweep takes the artifact after this one has opened it.
func TestASweepThatComesSecondRemovesNothing(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2}, func(t *testing.T, s store) {
		s.instead("flock", `mv "$HOME/`+ArtifactDir(app, r1)+`" "$HOME/`+PartialArtifactDir(app, r1)+`"; exec "$real" "$@"`)
		if got, err := s.store().Sweep(t.Context(), 1, 0, ""); err != nil || got != nil {
			t.Errorf("removed %q, %v", got, err)
		}
		s.wantNames(s.dir(), string(r1)+".part", string(r2))
	})
}

func TestSweepsAtOnceRemoveEachArtifactOnce(t *testing.T) {
	var ids []release.ID
	for day := range 28 {
		ids = append(ids, release.ID(fmt.Sprintf("202312%02dT000000", 1+day)))
	}
	onEachShell(t, ids, func(t *testing.T, s store) {
		held := s.hold(t.Context(), ids[5])
		defer held.Release()
		var mu sync.Mutex
		var removed []release.ID
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				got, err := s.store().Sweep(t.Context(), 3, 0, "")
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				removed = append(removed, got...)
			})
		}
		wg.Wait()
		slices.Sort(removed)
		if want := slices.Delete(slices.Clone(ids[:25]), 5, 6); !slices.Equal(removed, want) {
			t.Errorf("removed %q", removed)
		}
		s.wantNames(s.dir(), string(ids[5]), string(ids[25]), string(ids[26]), string(ids[27]))
	})
}

// A deploy that starts during a sweep holds a complete artifact, or gets an
// error.
func TestWhatIsHeldIsWholeWhileOthersSweep(t *testing.T) {
	onEachShell(t, []release.ID{r3}, func(t *testing.T, s store) {
		var got, told atomic.Int32
		for range 15 {
			s.put(r1)
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = s.store().Sweep(t.Context(), 1, 0, "") })
			wg.Go(func() {
				lock, err := s.store().Hold(t.Context(), r1)
				if err != nil {
					told.Add(1)
					wantReason(t, err, "has no artifact")
					return
				}
				got.Add(1)
				defer lock.Release()
				s.wantNames(s.dir(string(r1)), "manifest.json", "tree")
			})
			wg.Wait()
		}
		t.Logf("held %d, told %d", got.Load(), told.Load())
	})
}

func TestListArtifacts(t *testing.T) {
	onEachShell(t, []release.ID{r1, r2}, func(t *testing.T, s store) {
		s.writeHome(strings.Repeat("x", 3<<20), ArtifactDir(app, r1), "tree", "big")
		s.writeHome("x", PartialArtifactDir(app, r3), "manifest.json")
		s.writeHome("x", BuildDir(app), "artifacts", "20230101T000000\nartifact=20240103T000000", "file")
		s.writeHome("x", BuildDir(app), "artifacts", "20240105T000000")
		lock := s.hold(t.Context(), r2)
		m := &counted{Machine: s}
		list := s.list(m)
		if len(list) != 2 || m.calls != 1 {
			t.Fatalf("%+v in %d calls", list, m.calls)
		}
		want := storedManifest(r2)
		want.Files = nil
		if got := list[0]; got.ID != r2 || !got.Held || got.Problem != "" || fmt.Sprint(got.Manifest) != fmt.Sprint(want) || got.Size == 0 || got.Size > 1<<20 {
			t.Errorf("%+v", got)
		}
		if got := list[1]; got.ID != r1 || got.Held || got.Problem != "" || got.Size < 3<<20 || got.Size > 4<<20 {
			t.Errorf("%+v", got)
		}
		lock.Release()
		for range 40 {
			if list = s.list(s); !list[0].Held {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if list[0].Held {
			t.Error("held by nobody, and said to be held")
		}
		s.wantNames(s.dir(string(r2)), "manifest.json", "tree")
	})
}

func (s store) list(m Machine) []release.Stored {
	s.t.Helper()
	list, err := Store{Machine: m, App: app}.List(s.t.Context())
	must(s.t, err)
	return list
}

func TestListArtifactsWhereThereAreNone(t *testing.T) {
	onEachShell(t, nil, func(t *testing.T, s store) {
		for range 2 {
			if list := s.list(s); len(list) != 0 {
				t.Errorf("%+v", list)
			}
			must(t, os.MkdirAll(s.dir(), 0o755))
		}
	})
}

func TestABrokenArtifactDoesNotBreakTheList(t *testing.T) {
	otherApp, otherOrg := storedManifest("20240204T000000"), storedManifest("20240209T000000")
	otherApp.App, otherOrg.Org = "other", "other"
	later := storedManifest(r3)
	later.Format = 2
	text := func(m release.Manifest) string {
		data, err := m.JSON()
		must(t, err)
		return string(data)
	}
	cases := []struct{ manifest, problem string }{
		{text(storedManifest("20240201T000000")), ""},
		{"", "no manifest.json that can be read"},
		{"no JSON\nat all\n", "manifest: invalid character"},
		{text(otherApp), "its manifest is that of apxr/other 20240204T000000"},
		{text(later), "format 2"},
		{strings.Repeat("error=x\n\x00", 1<<18), "manifest: invalid character"},
		{text(storedManifest(r1)), "its manifest is that of apxr/apxr_io 20240101T000000"},
		{text(storedManifest("20240208T000000"))[:40], "manifest: "},
		{text(otherOrg), "its manifest is that of other/apxr_io 20240209T000000"},
	}
	onEachShell(t, nil, func(t *testing.T, s store) {
		for i, c := range cases {
			s.putManifest(release.ID(fmt.Sprintf("202402%02dT000000", i+1)), c.manifest)
		}
		s.writeHome("", ArtifactDir(app, "20240210T000000"), "tree", "x")
		list := s.list(s)
		slices.Reverse(list)
		if len(list) != len(cases)+1 || !strings.Contains(list[len(cases)].Problem, "no manifest.json") {
			t.Fatalf("%+v", list)
		}
		for i, c := range cases {
			if got := list[i]; !strings.Contains(got.Problem, c.problem) || (got.Problem == "") != (c.problem == "") || got.Size == 0 ||
				(got.Manifest.Format == 0) != (c.problem != "") {
				t.Errorf("%.60q: %+v", c.manifest, got)
			}
		}
	})
}

func TestTheFilesOfAManifestAreNotSent(t *testing.T) {
	onEachShell(t, nil, func(t *testing.T, s store) {
		m := storedManifest(r1)
		m.Files = slices.Repeat(m.Files, 20000)
		data, err := m.JSON()
		must(t, err)
		s.putManifest(r1, string(data))
		c := &counted{Machine: s}
		if list := s.list(c); len(list) != 1 || list[0].Problem != "" || c.said.Len() > 1000 {
			t.Errorf("%d bytes, %+v", c.said.Len(), list)
		}
	})
}

func TestALostConnectionIsNoEmptyStore(t *testing.T) {
	onEachShell(t, []release.ID{r1}, func(t *testing.T, s store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, listed := s.store().List(ctx)
		_, swept := s.store().Sweep(ctx, 0, 0, "")
		if !errors.Is(listed, context.Canceled) || !errors.Is(swept, context.Canceled) {
			t.Errorf("%v, %v", listed, swept)
		}
	})
}
