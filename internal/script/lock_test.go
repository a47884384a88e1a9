package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheLockHasOneHolderAndSaysWho(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	noon := time.Date(2024, 1, 2, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	lock, err := s.host(nil).Lock(t.Context(), Holder{What: "deploy", Who: "ann", Since: noon, Run: "https://run/1"}, Wait{})
	must(t, err)
	_, err = s.host(nil).Lock(t.Context(), Holder{What: "rollback", Who: "bob", Since: noon}, Wait{})
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
	_, err := s.host(nil).Lock(t.Context(), Holder{What: "second"}, Wait{Most: time.Second, Told: tell})
	wantReason(t, err, "held by another run, after waiting for 1 s: first by")
	if took := time.Since(began); took < time.Second || len(told) != 1 || !strings.HasPrefix(told[0], "first by") {
		t.Errorf("after %s: %q", took, told)
	}
	time.AfterFunc(300*time.Millisecond, first.Release)
	second, err := s.host(nil).Lock(t.Context(), Holder{What: "second"}, Wait{Most: time.Minute, Told: tell})
	must(t, err)
	second.Release()
	if len(told) != 2 {
		t.Errorf("%q", told)
	}
	if third, err := s.host(nil).Lock(t.Context(), Holder{What: "third"}, Wait{Most: time.Minute, Told: tell}); err != nil || len(told) != 2 {
		t.Errorf("a free lock is waited for: %v, %q", err, told)
	} else {
		third.Release()
	}
}

// A holder that has not written its name yet, such as one that hangs, is named by
// what finds it.
func TestAHolderWithoutANameIsAReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.take("first").Release() // makes the file
	file, err := os.OpenFile(filepath.Join(s.State(), "lock"), os.O_RDWR, 0)
	must(t, err)
	defer file.Close()
	must(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX))
	for _, wait := range []time.Duration{0, time.Second} {
		_, err = s.host(nil).Lock(t.Context(), Holder{What: "second"}, Wait{Most: wait})
		wantReason(t, err, "which has not said who it is: see 'fuser "+s.State()+"/lock'")
		if held := (*Held)(nil); !errors.As(err, &held) {
			t.Errorf("it is a %T", err)
		}
	}
}

// take waits for the lock for as long as a holder may need to notice its end.
func (s *site) take(holder string) *Lock {
	s.t.Helper()
	var err error
	for range 40 {
		var lock *Lock
		if lock, err = s.host(nil).Lock(s.t.Context(), Holder{What: holder}, Wait{}); err == nil {
			return lock
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("%s: the lock is not free: %v", holder, err)
	return nil
}

// A run that is cancelled still has to undo its changes.
func TestTheLockOutlivesACancel(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	lock, err := s.host(nil).Lock(ctx, Holder{What: "first"}, Wait{})
	must(t, err)
	cancel()
	h := s.host(nil)
	h.Token = lock.Token
	must(t, h.Tidy(t.Context()))
	_, err = s.host(nil).Lock(t.Context(), Holder{What: "second"}, Wait{})
	wantReason(t, err, "held by another run: first by")
	lock.Release()
	s.take("third").Release()
}

func TestACancelEndsTheWaitForALock(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.take("first")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.host(nil).Lock(ctx, Holder{What: "second"}, Wait{Most: time.Hour, Told: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the wait ends with %v", err)
	}
	first.Release()
	s.take("third").Release() // the second one has not got it meanwhile
}

// The silence of a vanished peer ends its lock.
func TestTheLockEndsWithTheHeartbeat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.impatient()
	lock := s.take("first") // its second heartbeat comes after 5 s
	select {
	case <-lock.Lost():
	case <-time.After(3 * time.Second):
		t.Fatal("a silent holder keeps the lock")
	}
	s.take("second").Release()
}

// impatient makes a lock end after 0.2 s of silence in place of 30 s.
func (s *site) impatient() {
	s.command("bash", `case $2 in *" -t 30 "*) ;; *) exit 9 ;; esac
		one=$1 program=$(printf '%s' "$2" | sed 's/-t 30/-t 0.2/'); shift 2; exec /bin/bash "$one" "$program" "$@"`)
}

// Most hosts have bash; without it, there is timeout.
func TestTheLockEndsWithTheHeartbeatWithoutBash(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.edit = strings.NewReplacer("command -v bash", "false").Replace
	s.command("timeout", `[ "$1" = 30 ] || exit 9; shift; exec /usr/bin/timeout 0.2 "$@"`)
	lock := s.take("first")
	select {
	case <-lock.Lost():
	case <-time.After(3 * time.Second):
		t.Fatal("a silent holder keeps the lock")
	}
	s.take("second").Release()
}

// Child processes of the lock's script must not hold the lock when the script
// is dead.
func TestAChildDoesNotKeepTheLock(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pidFile := s.path("pid")
	s.command("bash", `echo $PPID $$ >`+pidFile+`; exec sleep 30`)
	if _, err := s.host(nil).Lock(t.Context(), Holder{What: "first"}, Wait{}); err != nil {
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
	os.Remove(filepath.Join(s.bin, "bash"))
	s.take("second").Release()
	if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child)); err != nil || strings.Contains(string(state), ") Z ") {
		t.Error("the child was gone: this proves nothing")
	}
}

func TestTheLockOfBuildsMakesItsDirectory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	lock, err := LockBuilds(t.Context(), s, app, Holder{What: "build"}, Wait{})
	must(t, err)
	defer lock.Release()
	if !s.exists(BuildDir(app), "lock") {
		t.Error("the lock is elsewhere")
	}
	must(t, os.RemoveAll(s.Base))
	_, err = s.host(nil).Lock(t.Context(), Holder{What: "deploy"}, Wait{})
	wantReason(t, err, "cannot create "+s.State()+": give the directory above it to ")
}
