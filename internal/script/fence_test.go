package script

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// hostChanges has every method of Host that changes something.
var hostChanges = map[string]func(context.Context, Host) error{
	"Stage": func(ctx context.Context, h Host) error {
		_, err := h.Stage(ctx, r3, release.DigestOf(nil), Parcel{Codec: "gzip", Data: bytes.NewReader(nil)})
		return err
	},
	"StageHere": func(ctx context.Context, h Host) error { return h.StageHere(ctx, r3, release.DigestOf(nil), app) },
	"Note":      func(ctx context.Context, h Host) error { return h.Note(ctx, release.Staged{To: r1}) },
	"Prepare": func(ctx context.Context, h Host) error {
		_, _, err := h.Prepare(ctx, r2, key2, Environment{Given: true, Text: "export A=1\n"})
		return err
	},
	"RunHook": func(ctx context.Context, h Host) error {
		_, err := h.RunHook(ctx, release.Activation{ID: r1}, Once, Hook{Commands: `echo ran >>"$BASE/ran"`})
		return err
	},
	"Activate": func(ctx context.Context, h Host) error {
		_, err := h.Activate(ctx, Switch{Units: []string{unit}, To: release.Activation{ID: r2}, Record: &begun})
		return err
	},
	"Activate without a record": func(ctx context.Context, h Host) error {
		_, err := h.Activate(ctx, Switch{Units: []string{unit}, To: release.Activation{ID: r1}, Change: "1"})
		return err
	},
	"Conclude": func(ctx context.Context, h Host) error { return h.Conclude(ctx, record("1")) },
	"Forget":   func(ctx context.Context, h Host) error { return h.Forget(ctx, "1") },
	"Tidy":     func(ctx context.Context, h Host) error { return h.Tidy(ctx) },
	"Prune": func(ctx context.Context, h Host) error {
		_, err := h.Prune(ctx, []release.ID{r1}, []string{key1})
		return err
	},
}

func TestWithoutTheLockNothingIsChanged(t *testing.T) {
	t.Parallel()
	for name, change := range hostChanges {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.deployed()
			before := s.snapshot()
			for _, token := range []string{"", "OLD"} {
				h, fenced := s.host(nil), 0
				h.Token, h.Fenced = token, func(context.Context) { fenced++ }
				wantFenced(t, change(t.Context(), h), "deploy by bob")
				if fenced != 1 {
					t.Errorf("it is reported %d times", fenced)
				}
			}
			must(t, os.Remove(s.path(".slipway", "fence")))
			wantFenced(t, change(t.Context(), s.host(nil)), "")
			s.write("7 "+ours+"\n", ".slipway", "fence")
			if after := s.snapshot(); !maps.Equal(before, after) {
				t.Errorf("it changed the host:\n%v\n%v", before, after)
			}
		})
	}
}

// Without this test, one of the changes could be refused for another reason.
func TestWithTheLockAllIsChanged(t *testing.T) {
	t.Parallel()
	for name, change := range hostChanges {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.deployed()
			before := s.snapshot()
			err := change(t.Context(), s.host(nil))
			if after := s.snapshot(); errors.As(err, new(*Fenced)) || maps.Equal(before, after) && !strings.HasPrefix(name, "Stage") {
				t.Errorf("%v, and it changed nothing", err)
			}
		})
	}
}

// deployed makes a site in the middle of a change, which another run has locked.
func (s *site) deployed() {
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	s.write("x", "releases", string(r3)+".OLD.part", "f")
	s.write("x", ".slipway", "releases", string(r1), "listing")
	s.write("export A=0\n", "activations", key1, "environment")
	must(s.t, os.Symlink("releases/"+string(r2), s.path("current")))
	must(s.t, os.Symlink("releases/"+string(r1), s.path(".slipway", "back")))
	s.write(`{"key":"1","verb":"deploy"}`+"\n", ".slipway", "change")
	s.write("deploy by bob\nkey web1\n", ".slipway", "lock")
	s.write("", ".slipway", "work")
	s.write("", ".slipway", "critical")
}

// snapshot returns the contents of all files and links of the application.
func (s *site) snapshot() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	must(s.t, filepath.WalkDir(s.Base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if target, err := os.Readlink(path); err == nil {
			all[path] = "-> " + target
			return nil
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	}))
	return all
}

func wantFenced(t *testing.T, err error, holder string) {
	t.Helper()
	var fenced *Fenced
	if !errors.As(err, &fenced) || fenced.Holder != holder || holder != "" && !strings.Contains(err.Error(), holder) {
		t.Errorf("%v, want an error that the lock is lost to %q", err, holder)
	}
}

func TestEachAcquisitionHasATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.take("first")
	h := s.host(nil)
	h.Token = first.Token
	must(t, h.Tidy(t.Context()))
	first.Release()
	wantFenced(t, h.Tidy(t.Context()), "") // nobody holds it
	second := s.take("second")
	wantFenced(t, h.Tidy(t.Context()), "second by  since 0001-01-01T00:00:00Z")
	h.Token = second.Token
	must(t, h.Tidy(t.Context()))
	second.Release()
}

// A run that has lost its connection must be able to go back on a full disk.
func TestTheLockOfAFullDiskCanBeTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.take("first").Release()
	before := s.entries(".slipway")
	size := len(s.read(".slipway", "fence"))
	s.command("mv", "echo 'No space left on device' >&2; exit 1")
	s.command("mkdir", "echo 'No space left on device' >&2; exit 1")
	lock := s.take("second")
	if got := s.read(".slipway", "fence"); !strings.HasSuffix(got, " 9 "+lock.Token+"\n") || len(got) != size {
		t.Errorf("the fence is %q, want %q in place of %d bytes", got, lock.Token, size)
	}
	lock.Release()
	if after := s.entries(".slipway"); !slices.Equal(before, after) {
		t.Errorf("there is %q, and was %q", after, before)
	}
}

// A lock that ended with its holder's silence must not leave a valid token.
func TestASilentHolderMayChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.impatient()
	lock := s.take("first")
	<-lock.Lost()
	h := s.host(nil)
	h.Token = lock.Token
	wantFenced(t, h.Tidy(t.Context()), "")
}

func TestWhoTakesOverWaitsForCommandsOfTheLastHolder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	ctx, cancel := context.WithCancel(t.Context())
	first, err := s.host(nil).Lock(ctx, Holder{What: "first"}, Wait{})
	must(t, err)
	h := s.host(nil)
	h.Token = first.Token
	ended := make(chan error, 1)
	go func() {
		_, err := h.RunHook(ctx, release.Activation{ID: r1}, Before, Hook{
			Commands: `trap '' TERM; echo begun >>"$BASE/order"; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.1; done; echo ended >>"$BASE/order"`,
		})
		ended <- err
	}()
	s.until("order", "begun\n")
	cancel()
	<-ended
	first.Release()
	waits := 0
	second, err := s.host(nil).Lock(t.Context(), Holder{What: "second"}, Wait{Most: time.Minute, Ending: func() { waits++ }})
	must(t, err)
	defer second.Release()
	if s.read("order") != "begun\nended\n" || waits != 1 {
		t.Errorf("it has the lock while the commands are at %q; said %d times", s.read("order"), waits)
	}
	if in := s.inspect(); len(in.Leftovers) > 0 {
		t.Errorf("the commands left %q", in.Leftovers)
	}
}

// The caller may live and have lost the lock. Its heartbeats go on then.
func TestCommandsEndWhenAnotherRunHasTheLock(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	c := call{
		script: "hook", input: io.MultiReader(text(`echo begun >>"$BASE/order"; for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done; echo ended >>"$BASE/order"`), beats{}),
		args: s.host(nil).args(arg{"id", string(r1)}, arg{"env", ""}, arg{"when", "after-activate"}, arg{"unit", ""}, arg{"line", ""}),
	}
	ended := make(chan error, 1)
	go func() { ended <- c.run(t.Context(), s) }()
	s.until("order", "begun\n")
	s.write("8 THEIRS\n", ".slipway", "fence")
	began := time.Now()
	wantReason(t, <-ended, "the commands of after-activate failed with exit status 143")
	if took := time.Since(began); took > 5*time.Second || s.read("order") != "begun\n" {
		t.Errorf("they went on for %s: %q", took, s.read("order"))
	}
}

// beats are heartbeats in quick succession.
type beats struct{}

func (beats) Read(p []byte) (int, error) {
	time.Sleep(50 * time.Millisecond)
	p[0] = '.'
	return 1, nil
}

func TestOneMachineUnderTwoNamesIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	noon := time.Date(2024, 1, 2, 13, 0, 0, 0, time.UTC)
	first, err := s.host(nil).Lock(t.Context(), Holder{What: "deploy", Since: noon, Key: "k", Name: "web1 (eu)"}, Wait{})
	must(t, err)
	defer first.Release()
	told := 0
	began := time.Now()
	_, err = s.host(nil).Lock(t.Context(), Holder{What: "deploy", Since: noon, Key: "k", Name: "10.0.0.1"}, Wait{Most: time.Minute, Told: func(string) { told++ }, Ending: func() { told++ }})
	wantReason(t, err, "this is the same machine and directory as web1 (eu): name it once")
	if same := (*Same)(nil); !errors.As(err, &same) || same.Name != "web1 (eu)" {
		t.Errorf("it is a %T", err)
	}
	if errors.As(err, new(*Held)) || told > 0 || time.Since(began) > 20*time.Second {
		t.Errorf("after %s, said %d times: %v", time.Since(began), told, err)
	}
}

func TestALostLockIsTakenAgainFromNobodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	mine := Holder{What: "deploy", Key: "k", Name: "web1"}
	first, err := s.host(nil).Lock(t.Context(), mine, Wait{})
	must(t, err)
	waits := 0
	again := Wait{Most: time.Minute, Again: true, Ending: func() { waits++ }}
	time.AfterFunc(300*time.Millisecond, first.Release)
	second, err := s.host(nil).Lock(t.Context(), mine, again) // its own connection has not ended yet
	must(t, err)
	if waits != 1 || second.Token == first.Token {
		t.Errorf("said %d times, tokens %s and %s", waits, first.Token, second.Token)
	}
	second.Release()
	other := s.take("other")
	defer other.Release()
	began := time.Now()
	_, err = s.host(nil).Lock(t.Context(), mine, again)
	var held *Held
	if !errors.As(err, &held) || !strings.HasPrefix(held.Holder, "other by") || time.Since(began) > 20*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

// A hook's variables and those of the environment may have any names.
func TestNamesOfAnEnvironmentAreItsOwn(t *testing.T) {
	t.Parallel()
	names := []string{
		"text", "id", "env", "base", "line", "when", "unit", "token", "status", "scratch", "running", "watch", "decoded", "rest",
		"fence", "slipway_link", "slipway_program", "slipway_base", "SLIPWAY_TEXT", "production", "step", "pair",
	}
	s := newSite(t)
	var file, want strings.Builder
	for _, name := range names {
		file.WriteString("export " + name + "='their " + name + "; touch pwned'\n")
		want.WriteString(name + "=their " + name + "; touch pwned\n")
	}
	s.write("#!/bin/sh\nenv >"+s.path("unit")+"\n", "releases", string(r1), "bin", "app")
	must(t, os.Chmod(s.path("releases", string(r1), "bin", "app"), 0o755))
	a, _ := s.prepare(r1, key1, Environment{Given: true, Text: file.String()})
	must(t, s.hook(a, Before, Hook{Commands: `env >"$BASE/hook"; echo "$# $0" >"$BASE/positional"`}, io.Discard))
	_, err := s.host(nil).Activate(t.Context(), Switch{Units: []string{unit}, To: a, Record: &begun})
	must(t, err)
	if said := s.start("bin/app", "start"); said != "" {
		t.Error(said)
	}
	for _, where := range []string{"hook", "unit"} {
		var got strings.Builder
		lines := strings.Split(s.read(where), "\n")
		for _, name := range names {
			if i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+"=") }); i >= 0 {
				got.WriteString(lines[i] + "\n")
			}
		}
		if got.String() != want.String() {
			t.Errorf("%s: %s\nwant %s", where, got.String(), want.String())
		}
	}
	if s.read("positional") != "0 sh\n" || s.exists("pwned") {
		t.Errorf("positional parameters: %q", s.read("positional"))
	}
}

// builds has every step of a build.
var builds = map[string]func(context.Context, Build) error{
	"checkout": func(ctx context.Context, b Build) error { _, _, err := b.Checkout(ctx, Source{}); return err },
	"tools":    func(ctx context.Context, b Build) error { _, err := b.Tools(ctx); return err },
	"project":  func(ctx context.Context, b Build) error { _, err := b.Project(ctx); return err },
	"fetchdeps": func(ctx context.Context, b Build) error {
		_, err := b.FetchDeps(ctx, Fetching{Paths: pathsOf(job), Key: "key"})
		return err
	},
	"compiledeps": func(ctx context.Context, b Build) error { return b.CompileDeps(ctx, Paths{}, "1.16.3") },
	"assemble":    func(ctx context.Context, b Build) error { _, err := b.Assemble(ctx, Assembling{}); return err },
	"publish":     func(ctx context.Context, b Build) error { return b.Publish(ctx) },
	"discard":     func(ctx context.Context, b Build) error { return b.Discard(ctx) },
}

// compiler starts a process of a build, and returns a channel that gets its end.
func (s *site) compiler() <-chan error {
	s.t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.Env = []string{"SLIPWAY_BUILD=" + filepath.Join(s.home, "slipway", app.String())}
	must(s.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.t.Cleanup(func() { cmd.Process.Kill() })
	return ended
}

// A build that stood still must not touch what the next one is building.
func TestABuildThatLostItsLockTouchesNothing(t *testing.T) {
	t.Parallel()
	for name, step := range builds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := checkout(t, map[string]string{"mix.exs": "x", ".tool-versions": "erlang 26.2.5\n"})
			s.writeHome("x", BuildDir(app), "artifacts", string(r1)+".part", "manifest.json")
			s.writeHome("x", BuildDir(app), "scratch", "identities")
			s.writeHome("build by bob\n k web1\n", BuildDir(app), "lock")
			s.writeHome("8 THEIRS\n", BuildDir(app), "fence")
			ended := s.compiler()
			wantFenced(t, step(t.Context(), s.build(job, nil)), "build by bob")
			if !s.exists(BuildDir(app), "scratch", "identities") || !s.exists(BuildDir(app), "artifacts", string(r1)+".part") || s.exists("calls") {
				t.Error("it used what is another build's")
			}
			select {
			case err := <-ended:
				t.Errorf("it ended a process of another build: %v", err)
			default:
			}
		})
	}
}

// meanwhile calls a function once, when the first byte is read.
type meanwhile struct {
	io.Reader
	do func()
}

func (m *meanwhile) Read(p []byte) (int, error) {
	if m.do != nil {
		m.do()
		m.do = nil
	}
	return m.Reader.Read(p)
}

// Only the run that has the lock removes releases. So no other run removes the base from
// which a release is being made; and if the run has lost its lock, nothing of what it
// makes is kept.
func TestNobodyRemovesTheBaseOfWhatIsBeingStaged(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"with the lock": false, "with a lost lock": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOnBase(t)
			p := since(t, o.before, o.after, o.contents)
			p.Data = &meanwhile{p.Data, func() {
				if lost {
					o.write("8 THEIRS\n", ".slipway", "fence")
				}
				theirs := o.host(nil)
				theirs.Token = "THEIRS"
				pruned, err := theirs.Prune(t.Context(), []release.ID{r1}, nil)
				if lost != slices.Equal(pruned.Removed, []release.ID{r1}) || lost != (err == nil) {
					t.Errorf("the other run has removed %q: %v", pruned.Removed, err)
				}
			}}
			err := o.site.stage(o.after, p)
			if !lost {
				must(t, err)
				o.has(o.after, o.contents)
				o.has(o.before, o.base)
				return
			}
			wantFenced(t, err, "")
			if left := o.entries("releases"); len(left) > 0 {
				t.Errorf("it left %q", left)
			}
		})
	}
}
