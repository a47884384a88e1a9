package script

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

const hostileEnv = "export NAME='it'\\''s \"quoted\" $(touch /tmp/pwned) `x` \\n\nsecond line\tümlaut'\n"

func (s *site) prepare(id release.ID, key string, e Environment) (release.Activation, bool) {
	s.t.Helper()
	a, same, err := s.host(nil).Prepare(s.t.Context(), id, key, e)
	must(s.t, err)
	return a, same
}

// start runs a program of the current release as the unit would.
func (s *site) start(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.path("launch"), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "NAME=from the unit"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "failed: " + string(out)
	}
	return string(out)
}

func TestAnEnvironmentIsSwitchedOnWithItsRelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, id := range []release.ID{r1, r2} {
		s.write("#!/bin/sh\nprintf '%s|%s|%s' "+string(id)+" \"$NAME\" \"$*\"\n", "releases", string(id), "bin", "app")
		must(t, os.Chmod(s.path("releases", string(id), "bin", "app"), 0o755))
	}
	a, same := s.prepare(r1, key1, Environment{Given: true, Text: hostileEnv})
	if a != (release.Activation{ID: r1, Env: key1}) || same {
		t.Fatalf("%v %v", a, same)
	}
	if got := s.start("bin/app", "start"); !strings.Contains(got, "nothing is deployed") {
		t.Errorf("before the switch: %q", got)
	}
	_, err := s.host(nil).Activate(t.Context(), Switch{Units: []string{unit}, To: a, Record: &begun})
	must(t, err)
	if got, want := s.start("bin/app", "start", "two words"), string(r1)+"|it's \"quoted\" $(touch /tmp/pwned) `x` \\n\nsecond line\tümlaut|start two words"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	info, err := os.Stat(s.path("activations", key1, "environment"))
	must(t, err)
	if info.Mode().Perm() != 0o640 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if got := s.inspect().Current; got != a {
		t.Errorf("current is %v", got)
	}
}

func TestPrepareKnowsWhatIsCurrent(t *testing.T) {
	t.Parallel()
	const one, other = "export A='1'\n", "export A='2'\n"
	for name, c := range map[string]struct {
		has  string // environment of the current activation, on r1
		id   release.ID
		e    Environment
		same bool
		gets string // environment that Prepare puts there
	}{
		"the same":               {one, r1, Environment{Given: true, Text: one}, true, ""},
		"another environment":    {one, r1, Environment{Given: true, Text: other}, false, other},
		"another release":        {one, r2, Environment{Given: true, Text: one}, false, one},
		"none any more":          {one, r1, Environment{Given: true}, false, ""},
		"none as before":         {"", r1, Environment{Given: true}, true, ""},
		"the first one":          {"", r1, Environment{Given: true, Text: one}, false, one},
		"kept, the same release": {one, r1, Environment{Keep: key1}, true, ""},
		"kept for another":       {one, r2, Environment{Keep: key1}, false, one},
		"nothing to keep":        {"", r1, Environment{}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write("x", "releases", string(r1), "f")
			s.write("x", "releases", string(r2), "f")
			a, _ := s.prepare(r1, key1, Environment{Given: true, Text: c.has})
			_, err := s.host(nil).Activate(t.Context(), Switch{Units: []string{unit}, To: a, Record: &begun})
			must(t, err)
			a, same := s.prepare(c.id, key2, c.e)
			if same != c.same || s.read("activations", key2, "environment") != c.gets {
				t.Errorf("same %v, environment %q, want %v %q", same, s.read("activations", key2, "environment"), c.same, c.gets)
			}
			if wants := c.gets != ""; !same && (a.Env == key2) != wants {
				t.Errorf("%v", a)
			}
		})
	}
}

func TestAnEnvironmentThatIsCutIsNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := call{
		script: "prepare", input: strings.NewReader("text .export_040A_0751 e"),
		args: args{{"base", s.Base}, {"token", ours}, {"id", string(r1)}, {"key", key1}, {"env", "new"}, {"from", ""}},
	}
	wantReason(t, c.run(t.Context(), s), "the connection ended")
	if s.read("activations", key1, "environment") != "" {
		t.Error("half an environment was written")
	}
}

func TestCommandsRunInTheReleaseWithItsEnvironment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "marker")
	a, _ := s.prepare(r1, key1, Environment{Given: true, Text: hostileEnv})
	var log strings.Builder
	commands := "ls marker\nprintf '%s\\n' \"$NAME\" >\"$RELEASE_TMP/seen\"\ncp \"$RELEASE_TMP/seen\" \"$BASE/seen\"\nreadlink \"$BASE/next\"\nif (: >&9) 2>/dev/null; then exit 7; fi\nif (: >&3) 2>/dev/null; then exit 8; fi\necho done"
	must(t, s.hook(a, Before, Hook{Commands: commands}, &log))
	if !strings.Contains(log.String(), "marker\nactivations/"+key1+"/release\n") || !strings.Contains(log.String(), "done") {
		t.Errorf("log %q", log.String())
	}
	if !strings.Contains(s.read("seen"), "second line") {
		t.Errorf("%q", s.read("seen"))
	}
	if in := s.inspect(); len(in.Leftovers) > 0 {
		t.Errorf("left %q", in.Leftovers)
	}
	log.Reset()
	wantReason(t, s.hook(a, After, Hook{Commands: "test ! -e \"$BASE/next\"\nfalse\necho unreached"}, &log), "after-activate failed with exit status 1")
	if strings.Contains(log.String(), "unreached") {
		t.Error("it went on after an error")
	}
	if in := s.inspect(); len(in.Leftovers) > 0 {
		t.Errorf("left %q", in.Leftovers)
	}
}

func TestCommandsHaveATimeLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.command("timeout", `case "$1 $2" in "--kill-after=5 600") shift 2; exec /usr/bin/timeout 0.2 "$@" ;; "30 head") exec /usr/bin/timeout "$@" ;; *) exit 99 ;; esac`)
	wantReason(t, s.hook(release.Activation{ID: r1}, Before, Hook{Commands: "sleep 9"}, nil), "before-activate did not end within 600 s")
}

func TestCommandsEndWithTheirRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		hook := Hook{Commands: `sh -c 'trap "" TERM; echo started >"$BASE/began"; sleep 1; sleep 8; echo >"$BASE/ended"'`}
		_, err := s.host(nil).RunHook(ctx, release.Activation{ID: r1}, Before, hook)
		ended <- err
	}()
	s.until("began", "started\n")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller was told %v", err)
	}
	for began := time.Now(); len(s.inspect().Leftovers) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 7*time.Second {
			t.Fatal("the commands go on without their run")
		}
	}
	if s.read("ended") != "" {
		t.Error("the commands ended by themselves")
	}
}

func TestRestartByFlagAndByCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("abc\n", "InvocationID")
	sw := Switch{Units: []string{unit}, To: release.Activation{ID: r1}, Record: &begun, Restart: Restart{Flag: s.path("restart")}}
	started, err := s.host(nil).Activate(t.Context(), sw)
	must(t, err)
	if s.read("restart") != "releases/"+string(r1)+"\n" || s.read("systemctl.log") != "" || started[unit] != "abc" {
		t.Errorf("flag %q, systemctl %q, started %v", s.read("restart"), s.read("systemctl.log"), started)
	}
	sw.Restart = Restart{Command: "readlink \"$BASE/current\" >\"$BASE/seen\"\nfalse\necho >\"$BASE/unreached\""}
	_, err = s.host(nil).Activate(t.Context(), sw)
	wantReason(t, err, "the restart command failed with exit status 1")
	if s.read("seen") != "releases/"+string(r1)+"\n" || s.read("unreached") != "" || s.read("systemctl.log") != "" {
		t.Errorf("seen %q, systemctl %q", s.read("seen"), s.read("systemctl.log"))
	}
}

func TestUnitsAreRestartedInTheirOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	sw := Switch{Units: []string{"web.service", "worker.service"}, To: release.Activation{ID: r1}, Record: &begun}
	_, err := s.host(nil).Activate(t.Context(), sw)
	must(t, err)
	var restarts []string
	for line := range strings.Lines(s.read("systemctl.log")) {
		if strings.HasPrefix(line, "restart ") {
			restarts = append(restarts, strings.Fields(line)[1])
		}
	}
	if strings.Join(restarts, " ") != "web.service worker.service" {
		t.Errorf("%q", restarts)
	}
}
