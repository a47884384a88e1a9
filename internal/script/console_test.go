package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

const ruleList = "Matching Defaults entries for deploy on web1:\n    env_reset\n\nUser deploy may run the following commands on web1:\n"

func TestRulesOfAnotherUser(t *testing.T) {
	t.Parallel()
	const command = "/usr/local/lib/slipway/app console"
	for rules, want := range map[string]string{
		"(app) NOPASSWD: " + command + ", /usr/local/lib/slipway/app eval": "yes",
		"(app) NOPASSWD: /usr/local/lib/slipway/app eval":                  "no",
		"(root) NOPASSWD: " + command:                                      "no",
		"(other, app : app) NOPASSWD: " + command:                          "yes",
		"(ALL : ALL) NOPASSWD: ALL":                                        "yes",
		"(ALL, !app) NOPASSWD: ALL":                                        "no",
		"(ALL) ALL":                                                        "password",
		"(my_app) NOPASSWD: ALL":                                           "no",
		"(root) NOPASSWD: ALL\n    (app) " + command:                       "password",
	} {
		s := newSite(t)
		s.write(ruleList+"    "+rules+"\n", "rules")
		s.write("app", "User")
		s.command("sudo", `[ "$*" = "-n -l" ] && exec cat "$BASE/rules"; exit 1`)
		in, err := LookInside(t.Context(), s, Opening{Layout: s.Layout, Unit: unit, Wrapper: "/usr/local/lib/slipway/app", Command: command}, os.Stderr)
		must(t, err)
		if in.Sudo != want {
			t.Errorf("%s: %s, want %s", rules, in.Sudo, want)
		}
		// Commands of root do not depend on the application's user.
		in, err = LookInside(t.Context(), s, Opening{Layout: s.Layout, Unit: unit, Command: command}, os.Stderr)
		must(t, err)
		if wantRoot := map[bool]string{true: "yes", false: in.Sudo}[strings.Contains(rules, "(root) NOPASSWD: "+command)]; in.Sudo != wantRoot {
			t.Errorf("%s: %s for root, want %s", rules, in.Sudo, wantRoot)
		}
	}
}

// If sudo's list is not understood, sudo is asked about the user who will run
// the command.
func TestSudosOwnAnswerIsForTheSameUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("app", "User")
	s.write(ruleList+"    (app) NOPASSWD: ^/usr/local/.*$\n", "rules")
	s.command("sudo", `[ "$*" = "-n -l" ] && exec cat "$BASE/rules"; [ "$*" = "-n -u app -l /w console" ]`)
	in, err := LookInside(t.Context(), s, Opening{Layout: s.Layout, Unit: unit, Wrapper: "/w", Command: "/w console"}, os.Stderr)
	must(t, err)
	if in.Sudo != "yes" {
		t.Error(in.Sudo)
	}
}

func TestWhatIsSeenOfAnEntrance(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, text := range map[string]string{"User": "app", "LoadState": "loaded", "ActiveState": "active", "MainPID": "0"} {
		s.write(text, name)
	}
	wrapper := s.path("wrappers", "app")
	open := Opening{Layout: s.Layout, Unit: unit, Wrapper: wrapper, Command: wrapper + " eval"}
	in, err := LookInside(t.Context(), s, open, os.Stderr)
	must(t, err)
	if in.User != "app" || in.Wrapper != nil || in.WrapperDir != nil || !in.Current.IsZero() || in.Hidden || in.Login == "" || len(in.Units) != 1 || in.Units[0].Active != "active" {
		t.Errorf("%+v", in)
	}
	s.write("#!/bin/sh\n", "wrappers", "app")
	must(t, os.Chmod(wrapper, 0o775))
	must(t, os.Symlink("releases/20240101T000000", s.path("current")))
	in, err = LookInside(t.Context(), s, open, os.Stderr)
	must(t, err)
	if in.Wrapper == nil || *in.Wrapper != (Entry{os.Getuid(), 0o775, "regular file"}) || in.WrapperDir == nil || in.WrapperDir.Kind != "directory" || in.Current.ID != "20240101T000000" {
		t.Errorf("%+v %+v", in, in.Wrapper)
	}
	must(t, os.Rename(wrapper, wrapper+".real"))
	must(t, os.Symlink(wrapper+".real", wrapper))
	in, err = LookInside(t.Context(), s, open, os.Stderr)
	must(t, err)
	if in.Wrapper == nil || in.Wrapper.Kind != "symbolic link" {
		t.Errorf("%+v", in.Wrapper)
	}
	if e := entry("nonsense"); e.UID != -1 {
		t.Errorf("%+v belongs to somebody", e)
	}
}

func TestAttendedStreamsAreAsTheyAre(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("sudo", `[ "$*" = "-n -u app /w eval" ] || exit 9; cat; printf 'ready\nerror=no\nkey=value'; echo aside >&2; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || exit 5`)
	var out, errs strings.Builder
	input := "a 'b' \"c\" $HOME `id` %s \\101 _040\nü\ttail"
	err := Attend(t.Context(), s, "sudo -n -u app /w eval", Streams{input, &out, &errs})
	var status interface{ ExitStatus() int }
	if !errors.As(err, &status) || status.ExitStatus() != 5 || out.String() != input+"ready\nerror=no\nkey=value" || errs.String() != "aside\n" {
		t.Errorf("%v: %q, %q", err, out.String(), errs.String())
	}
	s.command("sudo", "exit 0")
	must(t, Attend(t.Context(), s, "sudo -n x", Streams{"", io.Discard, io.Discard}))
}

func TestWhatIsAttendedEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	// Under nohup the tests and their child processes would not get this
	// signal. A process that handles the signal does not pass "ignored" on to
	// its children.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	// It reacts only to the kernel's signal for a lost terminal.
	s.command("sudo", `trap '' TERM INT; echo $$; exec sleep 60`)
	ctx, cancel := context.WithCancel(t.Context())
	out, w := io.Pipe()
	go func() {
		w.CloseWithError(Attend(ctx, s, "sudo -n x", Streams{"", w, io.Discard}))
	}()
	var pid int
	_, err := fmt.Fscanln(out, &pid)
	must(t, err)
	cancel()
	for range 100 {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); os.IsNotExist(err) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("it goes on")
}
