package script

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

func (s *site) hook(a release.Activation, when Moment, h Hook, log io.Writer) error {
	_, err := s.host(log).RunHook(s.t.Context(), a, when, h)
	return err
}

var migration = Hook{
	Commands: `echo commands >>"$BASE/order"`, Unit: "app-migrate.service",
	Record: release.Change{Key: "k.migrate", Verb: release.Migrate, To: r2, Outcome: release.Started},
}

// unitThat makes systemctl start run a script with the unit's launcher.
func (s *site) unitThat(does string) {
	s.command("systemctl", `case $1 in
		show) echo "Result=exit-code" ;;
		start) echo "$2" >>"$BASE/order"; grep -c migrate "$BASE/.slipway/history.jsonl" >"$BASE/recorded"; `+does+` ;;
		stop) echo "stopped $2" >>"$BASE/order" ;;
	esac`)
}

func TestAUnitForMigrationsRunsTheNextRelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, id := range []release.ID{r1, r2} {
		s.write("#!/bin/sh\necho \""+string(id)+" $GREETING $*\" >>\"$BASE/order\"\n", "releases", string(id), "bin", "app")
		must(t, os.Chmod(s.path("releases", string(id), "bin", "app"), 0o755))
	}
	old, _ := s.prepare(r1, key1, Environment{Given: true, Text: "export GREETING='old'\n"})
	_, err := s.host(nil).Activate(t.Context(), Switch{Units: []string{unit}, To: old, Record: &begun})
	must(t, err)
	next, _ := s.prepare(r2, key2, Environment{Given: true, Text: "export GREETING='new'\n"})
	s.unitThat(`"$BASE/launch" --next bin/app eval migrate`)

	started, err := s.host(nil).RunHook(t.Context(), next, Once, migration)
	must(t, err)
	if want := "commands\napp-migrate.service\n" + string(r2) + " new eval migrate\n"; s.read("order") != want || !started {
		t.Errorf("started %v, got %q, want %q", started, s.read("order"), want)
	}
	if s.read("recorded") != "1\n" {
		t.Error("the history was not written before the unit was started")
	}
	if in := s.inspect(); len(in.Leftovers) > 0 || len(in.History) != 1 || in.History[0] != migration.Record {
		t.Errorf("left %q, history %v", in.Leftovers, in.History)
	}
	if got := s.start("--next", "bin/app", "eval"); !strings.Contains(got, "no deploy is about to switch") {
		t.Errorf("without next: %q", got)
	}
}

func TestAUnitThatFailsAndOneThatIsNotStarted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r2), "f")
	s.unitThat("exit 1")
	started, err := s.host(nil).RunHook(t.Context(), release.Activation{ID: r2}, Once, migration)
	wantReason(t, err, "app-migrate.service failed (exit-code)")
	if in := s.inspect(); !started || len(in.History) != 1 || len(in.Leftovers) > 0 {
		t.Errorf("started %v, history %v, left %q", started, in.History, in.Leftovers)
	}
	failing := migration
	failing.Commands = "exit 3"
	started, err = s.host(nil).RunHook(t.Context(), release.Activation{ID: r2}, Once, failing)
	wantReason(t, err, "the commands of before-activate-once failed with exit status 3")
	if in := s.inspect(); started || len(in.History) != 1 {
		t.Errorf("started %v, history %v", started, in.History)
	}
}

func TestAUnitEndsWithTheRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r2), "f")
	s.unitThat(`for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2; ! grep -q stopped "$BASE/order" || exit 1; done`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		hook := migration
		hook.Commands = ""
		_, err := s.host(nil).RunHook(ctx, release.Activation{ID: r2}, Once, hook)
		ended <- err
	}()
	s.until("order", "app-migrate.service\n")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller was told %v", err)
	}
	s.until("order", "app-migrate.service\nstopped app-migrate.service\n")
	for began := time.Now(); len(s.inspect().Leftovers) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatal("the unit goes on without its run")
		}
	}
}

// A caller sends a heartbeat every few seconds. A hook must not wait for one.
func TestAHookEndsWithItsCommands(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	never := readFunc(func([]byte) (int, error) { <-t.Context().Done(); return 0, io.EOF })
	c := call{
		script: "hook", input: io.MultiReader(text("echo done"), never), log: &strings.Builder{},
		args: args{{"base", s.Base}, {"token", ours}, {"id", string(r1)}, {"env", ""}, {"when", "after-activate"}, {"unit", ""}, {"line", ""}},
	}
	began := time.Now()
	must(t, c.run(t.Context(), s))
	if took := time.Since(began); took > 25*time.Second { // otherwise it waits for 30 s
		t.Errorf("it took %s", took)
	}
}
