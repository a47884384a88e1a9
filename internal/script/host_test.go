package script

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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

// content is a small release, by path; a target makes a link, a mode a file.
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

func manifest(contents map[string]content) release.Manifest {
	var m release.Manifest
	for path, c := range contents {
		f, _ := c.entry(path)
		m.Files = append(m.Files, f)
	}
	return m
}

func tarball(t *testing.T, contents map[string]content) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	paths := make([]string, 0, len(contents))
	for path := range contents {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		c := contents[path]
		_, kind := c.entry(path)
		mode := c.mode
		if kind == tar.TypeDir {
			mode = 0o777
		}
		must(t, w.WriteHeader(&tar.Header{Typeflag: kind, Name: "./" + path, Linkname: c.target, Mode: mode, Size: int64(len(c.text)), Uid: 1234, Gid: 1234}))
		_, err := w.Write([]byte(c.text))
		must(t, err)
	}
	must(t, errors.Join(w.Close(), z.Close()))
	return b.Bytes()
}

// expect puts the lists of the release on the host, as a deploy does.
func (s *site) expect(id release.ID, m release.Manifest) {
	s.t.Helper()
	s.write(m.Listing(), ".slipway", "releases", string(id), "listing")
	s.write(m.Checksums(), ".slipway", "releases", string(id), "checksums")
}

func (s *site) stage(id release.ID, data []byte) error {
	var log strings.Builder
	err := Stage(s.t.Context(), s, s.Layout, id, bytes.NewReader(data), &log)
	if err != nil {
		s.t.Logf("log: %s", log.String())
	}
	return err
}

func TestAReleaseIsStagedAsItWasBuilt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.expect(r1, manifest(tree()))
	s.write("junk of a run that died", "releases", string(r1)+".part", "bin", "app")
	must(t, s.stage(r1, tarball(t, tree())))
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
	must(t, Recheck(t.Context(), s, s.Layout, r1, nil))
	if err := s.stage(r1, tarball(t, tree())); err == nil {
		t.Error("a release was staged over another one")
	}
	must(t, Recheck(t.Context(), s, s.Layout, r1, nil))
}

func TestWhatIsNotWhatWasBuiltIsNotStaged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]content){
		"an extra file":      func(c map[string]content) { c["lib/evil"] = content{text: "x", mode: 0o644} },
		"an extra link":      func(c map[string]content) { c["lib/evil"] = content{target: "/etc"} },
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
			s.expect(r1, manifest(tree()))
			bad := tree()
			change(bad)
			wantReason(t, s.stage(r1, tarball(t, bad)), "is not what was built")
			if left := s.entries("releases"); len(left) > 0 {
				t.Errorf("it left %q", left)
			}
			must(t, s.stage(r1, tarball(t, tree())))
		})
	}
}

func TestATruncatedReleaseIsNotStaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.expect(r1, manifest(tree()))
	whole := tarball(t, tree())
	for _, n := range []int{0, 1, 10, len(whole) / 2, len(whole) - 9, len(whole) - 1} {
		wantReason(t, s.stage(r1, whole[:n]), "could not be unpacked")
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
			s.expect(r1, manifest(tree()))
			must(t, s.stage(r1, tarball(t, tree())))
			cmd := exec.Command("sh", "-c", damage)
			cmd.Dir = s.path("releases", string(r1))
			must(t, cmd.Run())
			wantReason(t, Recheck(t.Context(), s, s.Layout, r1, nil), "not what was built")
		})
	}
}

func TestConcludeWritesTheHistoryAndEndsTheChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("{}", ".slipway", "change")
	must(t, Conclude(t.Context(), s, s.Layout, record("1")))
	if s.read(".slipway", "change") != "" {
		t.Error("the change record is still there")
	}
	s.write(s.read(".slipway", "history.jsonl")+`{"key":"torn`, ".slipway", "history.jsonl")
	must(t, Conclude(t.Context(), s, s.Layout, record("2")))
	want, err := record("2").JSON()
	must(t, err)
	lines := strings.Split(s.read(".slipway", "history.jsonl"), "\n")
	if len(lines) != 4 || lines[1] != `{"key":"torn` || lines[2] != want || lines[3] != "" {
		t.Errorf("%q", lines)
	}
	s.write("{}", ".slipway", "change")
	before := s.read(".slipway", "history.jsonl")
	must(t, Forget(t.Context(), s, s.Layout))
	if s.read(".slipway", "change") != "" || s.read(".slipway", "history.jsonl") != before {
		t.Error("Forget did not remove the record alone")
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
	s.write("x", ".slipway", "releases", "20230101T000000", "listing") // of the leftover
	removed, err := Prune(t.Context(), s, s.Layout, []release.ID{r1, r2})
	must(t, err)
	if !slices.Equal(removed, []release.ID{r1, r2}) || !slices.Equal(s.entries("releases"), []string{string(r3)}) ||
		!slices.Equal(s.entries(".slipway", "releases"), []string{string(r3)}) {
		t.Errorf("removed %v, left %q and %q", removed, s.entries("releases"), s.entries(".slipway", "releases"))
	}
	removed, err = Prune(t.Context(), s, s.Layout, []release.ID{r1})
	wantReason(t, err, "cannot remove")
	if len(removed) > 0 {
		t.Errorf("removed %v", removed)
	}
	if removed, err := Prune(t.Context(), s, s.Layout, nil); err != nil || len(removed) > 0 || len(s.entries("releases")) != 1 {
		t.Errorf("%v %v", removed, err)
	}
}

func TestTheLockHasOneHolderAndSaysWho(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	noon := time.Date(2024, 1, 2, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	lock, err := TakeLock(t.Context(), s, s.State(), Holder{"deploy", "ann", noon, "https://run/1"}, Wait{})
	must(t, err)
	_, err = TakeLock(t.Context(), s, s.State(), Holder{"rollback", "bob", noon, ""}, Wait{})
	wantReason(t, err, "held by another run: deploy by ann since 2024-01-02T12:00:00Z, https://run/1")
	select {
	case <-lock.Lost():
		t.Error("the second taker took the first one's lock")
	default:
	}
	lock.Release()
	s.take("after a release").Release()
}

func TestTheLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.take("first")
	var told []string
	tell := func(holder string) { told = append(told, holder) }
	began := time.Now()
	_, err := TakeLock(t.Context(), s, s.State(), Holder{What: "second"}, Wait{time.Second, tell})
	wantReason(t, err, "held by another run, after waiting for 1 s: first by")
	if took := time.Since(began); took < time.Second || len(told) != 1 || !strings.HasPrefix(told[0], "first by") {
		t.Errorf("after %s: %q", took, told)
	}
	time.AfterFunc(300*time.Millisecond, first.Release)
	second, err := TakeLock(t.Context(), s, s.State(), Holder{What: "second"}, Wait{time.Minute, tell})
	must(t, err)
	second.Release()
	if len(told) != 2 {
		t.Errorf("%q", told)
	}
	if third, err := TakeLock(t.Context(), s, s.State(), Holder{What: "third"}, Wait{time.Minute, tell}); err != nil || len(told) != 2 {
		t.Errorf("a free lock is waited for: %v, %q", err, told)
	} else {
		third.Release()
	}
}

// take waits for the lock as long as a holder may need to notice its end.
func (s *site) take(holder string) *Lock {
	s.t.Helper()
	var err error
	for range 40 {
		var lock *Lock
		if lock, err = TakeLock(s.t.Context(), s, s.State(), Holder{What: holder}, Wait{}); err == nil {
			return lock
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("%s: the lock is not free: %v", holder, err)
	return nil
}

func TestTheLockEndsWithItsHoldersContext(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	lock, err := TakeLock(ctx, s, s.State(), Holder{What: "first"}, Wait{})
	must(t, err)
	cancel()
	select {
	case <-lock.Lost():
	case <-time.After(2 * time.Second):
		t.Fatal("the holder was not told")
	}
	s.take("second").Release()
}

// A peer that vanishes without a word is noticed by its silence.
func TestTheLockEndsWithTheHeartbeat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("timeout", `echo "$1" >>`+s.path("limits")+`; shift; exec /usr/bin/timeout 0.2 "$@"`)
	lock := s.take("first") // its second heartbeat comes after 5 s
	select {
	case <-lock.Lost():
	case <-time.After(3 * time.Second):
		t.Fatal("a silent holder keeps the lock")
	}
	if limit, _, _ := strings.Cut(s.read("limits"), "\n"); limit != "30" {
		t.Errorf("the limit is %q s, want 30", limit)
	}
	s.take("second").Release()
}

// What the lock's script starts must not hold the lock when the script is dead.
func TestAChildDoesNotKeepTheLock(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pidFile := s.path("pid")
	s.command("timeout", `echo $PPID $$ >`+pidFile+`; exec sleep 30`)
	if _, err := TakeLock(t.Context(), s, s.State(), Holder{What: "first"}, Wait{}); err != nil {
		t.Fatal(err)
	}
	var script, child int
	for range 100 {
		if n, _ := fmt.Sscan(s.read("pid"), &script, &child); n == 2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if child == 0 {
		t.Fatal("the child did not start")
	}
	process, err := os.FindProcess(script)
	must(t, err)
	must(t, process.Kill())
	t.Cleanup(func() { syscall.Kill(child, syscall.SIGKILL) })
	os.Remove(filepath.Join(s.bin, "timeout"))
	s.take("second").Release()
	if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child)); err != nil || strings.Contains(string(state), ") Z ") {
		t.Error("the child was gone: this proves nothing")
	}
}

func TestInspectAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Layout.Base = t.TempDir()
	in, err := Inspect(t.Context(), s, s.Layout, unit, nil)
	must(t, err)
	uname, err := exec.Command("uname", "-sm").Output()
	must(t, err)
	if in.OS+" "+in.Arch != strings.TrimSpace(string(uname)) || in.User == "" || in.FreeKiB == 0 || in.Now == 0 {
		t.Errorf("%+v", in)
	}
	if in.BaseKind != "dir" || in.CurrentKind != "none" || in.Current != "" || in.Running != "" || in.Change != nil ||
		len(in.Releases)+len(in.Leftovers)+len(in.History)+len(in.NotAllowed) > 0 {
		t.Errorf("%+v", in)
	}
	if want := []string{s.path("releases"), s.path(".slipway")}; !slices.Equal(in.Unwritable, want) {
		t.Errorf("unwritable %q, want %q", in.Unwritable, want)
	}
	if left := s.entries(); len(left) > 0 {
		t.Errorf("looking made %q", left)
	}
	s.Layout.Base += "/none"
	in, err = Inspect(t.Context(), s, s.Layout, unit, nil)
	if err != nil || in.BaseKind != "none" {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestInspectSeesEverything(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, err := record("1").JSON()
	must(t, err)
	second, err := record("2").JSON()
	must(t, err)
	s.write("{torn\n"+first+"\n"+second, ".slipway", "history.jsonl") // the line break of the last one was torn off
	s.write(second+"\n", ".slipway", "change")
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	s.write("x", "releases", string(r3)+".part", "f")
	s.write("x", "releases", "lost+found", "f")
	must(t, os.Symlink("releases/"+string(r2), s.path("current")))
	app := exec.Command("sh", "-c", "sleep 5; :", "cookie", s.path("releases", string(r1), "erts/bin/beam"))
	must(t, app.Start())
	t.Cleanup(func() { app.Process.Kill(); app.Wait() })
	for name, value := range map[string]string{
		"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Result": "success", "NRestarts": "3", "MainPID": strconv.Itoa(app.Process.Pid),
	} {
		s.write(value+"\n", name)
	}
	s.command("sudo", `[ "$4" != stop ]`) // may do everything but stop
	in, err := Inspect(t.Context(), s, s.Layout, unit, nil)
	must(t, err)
	want := Service{Load: "loaded", Active: "active", Sub: "running", Result: "success", Restarts: 3, PID: app.Process.Pid, Running: r1, Current: r2, Now: in.Now}
	if in.Service != want || in.CurrentKind != "link" {
		t.Errorf("got  %+v\nwant %+v", in.Service, want)
	}
	if !slices.Equal(in.Releases, []release.ID{r1, r2}) || !slices.Equal(in.Leftovers, []string{string(r3) + ".part"}) ||
		!slices.Equal(in.NotAllowed, []string{"stop"}) || len(in.Unwritable) > 0 {
		t.Errorf("%+v", in)
	}
	if len(in.History) != 2 || in.History[1] != record("2") || in.Change == nil || *in.Change != record("2") {
		t.Errorf("history %+v, change %+v", in.History, in.Change)
	}
	probed, err := Probe(t.Context(), s, s.Layout, unit)
	probed.Now = in.Now
	if err != nil || probed != want {
		t.Errorf("%+v, %v", probed, err)
	}
}

func TestActivateRecordsThenSwitchesThenRestarts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	change := record("1")
	line, err := change.JSON()
	must(t, err)
	must(t, Activate(t.Context(), s, s.Layout, unit, r2, &change, nil))
	log := fmt.Sprintf("reset-failed app.service current=releases/%[1]s record=%[2]s\nrestart app.service current=releases/%[1]s record=%[2]s\n", r2, line)
	if got := s.read("systemctl.log"); got != log {
		t.Errorf("got\n%s\nwant\n%s", got, log)
	}
	if s.read(".slipway", "change") != line+"\n" {
		t.Error("the record is not what was given")
	}
	if fds := s.read("fds.log"); fds == "" || strings.Contains(fds, "critical") {
		t.Errorf("a child has the lock of the critical section:\n%s", fds)
	}
}

func TestTheRecordIsThereBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r2), "f")
	s.command("ln", `cat "$BASE/.slipway/change" >"$BASE/seen"; exit 1`)
	change := record("1")
	wantReason(t, Activate(t.Context(), s, s.Layout, unit, r2, &change, nil), "cannot switch")
	if s.read("seen") == "" || s.read("systemctl.log") != "" {
		t.Errorf("record at the switch: %q; systemctl: %q", s.read("seen"), s.read("systemctl.log"))
	}
	s.command("mv", "exit 1")
	wantReason(t, Activate(t.Context(), s, s.Layout, unit, r2, &change, nil), "cannot write the change record")
}

func TestActivateWithoutARecordLeavesTheOneThatIsThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("the record\n", ".slipway", "change")
	must(t, Activate(t.Context(), s, s.Layout, unit, r1, nil, nil))
	if s.read(".slipway", "change") != "the record\n" {
		t.Error("the record was changed")
	}
}

func TestActivateNothingRemovesCurrentAndStops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	must(t, Activate(t.Context(), s, s.Layout, unit, "", nil, nil))
	if _, err := os.Lstat(s.path("current")); !os.IsNotExist(err) {
		t.Error("current is still there")
	}
	if got := s.read("systemctl.log"); !strings.Contains(got, "stop app.service current= record=\n") || strings.Contains(got, "restart") {
		t.Error(got)
	}
	must(t, Activate(t.Context(), s, s.Layout, unit, "", nil, nil)) // again, with nothing there
}

func TestActivateFails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	change := record("1")
	wantReason(t, Activate(t.Context(), s, s.Layout, unit, r2, &change, nil), "is not there")
	if s.read(".slipway", "change") != "" || s.read("systemctl.log") != "" {
		t.Error("something was changed for a release that is not there")
	}
	s.write("x", "releases", string(r2), "f")
	s.write("", "fail.reset-failed") // a unit that is unknown to systemd so far
	must(t, Activate(t.Context(), s, s.Layout, unit, r2, &change, nil))
	s.write("", "fail.restart")
	var log strings.Builder
	wantReason(t, Activate(t.Context(), s, s.Layout, unit, r2, &change, &log), "systemctl restart app.service failed")
	if !strings.Contains(log.String(), "systemctl says=restart") {
		t.Errorf("log %q", log.String())
	}
}

func TestActivateFinishesWithoutItsCaller(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hangup = true
	s.write("x", "releases", string(r2), "f")
	s.command("systemctl", `[ "$1" != show ] || exit 0; echo "$1" >>"$BASE/began"; sleep 0.2; echo noise; echo "$1" >>"$BASE/done"`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Activate(ctx, s, s.Layout, unit, r2, nil, nil) }()
	s.until("began", "reset-failed\n")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller was told %v", err)
	}
	s.until("done", "reset-failed\nrestart\n")
}

func TestActivateLetsAYoungProcessBoot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		started string // of the main process, as awk's expression of /proc/uptime
		pid     int
		least   time.Duration
		most    time.Duration
	}{
		"just started":  {"$1", 7, 1500 * time.Millisecond, 3 * time.Second},
		"a minute ago":  {"$1 - 60", 7, 0, time.Second},
		"not running":   {"$1", 0, 0, time.Second},
		"another clock": {"$1 + 60", 7, 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write("x", "releases", string(r2), "f")
			s.command("systemctl", fmt.Sprintf(`case "$2" in
				--property=MainPID) echo MainPID=%d;;
				--property=Exec*) awk '{ printf "%%s=%%.0f\n", "ExecMainStartTimestampMonotonic", (%s) * 1000000 }' /proc/uptime;;
			esac`, c.pid, c.started))
			began := time.Now()
			must(t, Activate(t.Context(), s, s.Layout, unit, r2, nil, nil))
			if took := time.Since(began); took < c.least || took > c.most {
				t.Errorf("it took %s, want %s to %s", took, c.least, c.most)
			}
		})
	}
}

func (s *site) until(file, want string) {
	s.t.Helper()
	for range 100 {
		if s.read(file) == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("%s has %q after 2 s, want %q", file, s.read(file), want)
}

func TestCurrentIsNeverMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	c := call{script: "activate", args: args{{"base", s.Base}, {"unit", unit}, {"id", string(r1)}, {"record", ""}}}
	s.source, s.edit = c.source(), func(text string) string {
		loop := fmt.Sprintf("main() { n=0; while [ $n -lt 100 ]; do n=$((n + 1)); (id=%s; switch); (id=%s; switch); done; }\nswitch() {\n", r1, r2)
		text = strings.ReplaceAll(text, "readonly", "export")
		return strings.Replace(strings.Replace(text, "point_current() {\n", loop, 1), "main() {\n", "unused() {\n", 1)
	}
	var done atomic.Bool
	looks := make(chan int, 1)
	go func() {
		n := 0
		for ; !done.Load(); n++ {
			if _, err := os.Stat(s.path("current", "f")); err != nil {
				t.Errorf("look %d: %v", n, err)
				break
			}
			time.Sleep(50 * time.Microsecond)
		}
		looks <- n
	}()
	err := c.run(t.Context(), s)
	done.Store(true)
	if n := <-looks; n < 200 {
		t.Errorf("looked %d times only", n)
	}
	must(t, err)
	if got, _ := os.Readlink(s.path("current")); got != "releases/"+string(r2) {
		t.Errorf("current is %s", got)
	}
}

func TestUnitLogSinceATime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("journalctl", `[ "$*" = "--no-pager --output=short-unix --lines=100 --unit=app.service" ] || exit 9
		echo "-- Boot 1234 --"
		for n in 99.9 100.0 101.5 102.25; do echo "$n web1 app[7]: line=$n error=x"; done`)
	lines, err := UnitLog(t.Context(), s, unit, 100, 2)
	must(t, err)
	if want := []string{"app[7]: line=101.5 error=x", "app[7]: line=102.25 error=x"}; !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	s.command("journalctl", "exit 1")
	_, err = UnitLog(t.Context(), s, unit, 100, 2)
	wantReason(t, err, "sudo journalctl --no-pager")
}
