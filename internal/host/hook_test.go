package host_test

import (
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// says checks the log of the run.
func (s *site) says(words ...string) {
	s.Helper()
	for _, w := range words {
		if !strings.Contains(s.log.String(), w) {
			s.Errorf("the log does not say %q:\n%s", w, s.log.String())
		}
	}
}

// failed checks that a step failed with these words.
func (s *site) failed(err error, words ...string) {
	s.Helper()
	if err == nil {
		s.Fatalf("it did not fail: want %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			s.Errorf("%q does not say %q", err, w)
		}
	}
}

func (s *site) current() string {
	s.Helper()
	link, err := os.Readlink(s.path("opt/app/current"))
	if err != nil && !os.IsNotExist(err) {
		s.Fatal(err)
	}
	return link
}

func TestHooksRunBeforeAndAfterTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	note := func(when string) string {
		return when + `() { echo "` + when + ` $(readlink "$SITE/opt/app/current")" >>"$SITE/hooks"; }; ` + when
	}
	h, to := s.staged(s.release(2, false), func(p *host.Plan) { p.Before, p.After = note("before"), note("after") })
	s.must(h.Activate(t.Context(), to))
	s.must(h.Conclude(t.Context()))
	want := "before releases/" + string(one.ID) + "\nafter releases/" + string(to.ID) + "\n"
	if got, err := os.ReadFile(s.path("hooks")); err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	s.says("before-activate ended well in ", "after-activate ended well in ")
}

func TestAFailingHookBeforeTheSwitchChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	h, to := s.staged(s.release(2, false), func(p *host.Plan) {
		p.Before, p.Env = "exit 7", &config.Env{Variables: []config.Variable{{Name: "A", Value: "1"}}}
	})
	s.failed(h.Activate(t.Context(), to), "the commands of before-activate failed with exit status 7", "nothing was switched here")
	if h.Switched() || h.Result().Outcome != host.Untouched || s.current() != "releases/"+string(one.ID) {
		t.Errorf("switched %v, %+v, current %s", h.Switched(), h.Result(), s.current())
	}
	if _, err := os.Stat(s.path("opt/app/activations", to.Env)); !os.IsNotExist(err) {
		t.Errorf("the environment of what did not come about is left: %v", err)
	}
}

func TestAFailingHookAfterTheSwitchIsAFailure(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h, to := s.staged(s.release(2, false), func(p *host.Plan) { p.After = "exit 8" })
	s.failed(h.Activate(t.Context(), to), "the commands of after-activate failed with exit status 8")
	if !h.Switched() || h.Result().Outcome != host.Failed {
		t.Errorf("switched %v, %+v", h.Switched(), h.Result())
	}
}

// The same for whatever of the user's is run: the headline has no lines above it.
func TestCommandsThatFailSayWhy(t *testing.T) {
	t.Parallel()
	for when, change := range map[string]func(*host.Plan){
		"the commands of before-activate failed with exit status 1: ": func(p *host.Plan) {
			p.Before = "echo it begins; echo '** (DBConnection.ConnectionError) connection refused - :econnrefused' >&2; exit 1"
		},
		"the restart command failed with exit status 1: ": func(p *host.Plan) {
			p.Restart.Command = "echo '** (DBConnection.ConnectionError) connection refused - :econnrefused'; exit 1"
		},
	} {
		s := newSite(t)
		s.deploy(1)
		h, to := s.staged(s.release(2, false), change)
		s.failed(h.Activate(t.Context(), to), when+"DBConnection.ConnectionError: connection refused - :econnrefused")
	}
}

func TestMigrationsRunWithTheNewReleaseBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h, to := s.staged(s.release(2, false), func(p *host.Plan) { p.Once, p.Migrate = "echo once", "app-migrate.service" })
	migrated, err := h.Once(t.Context(), to)
	s.must(err)
	if !migrated || s.current() == "releases/"+string(to.ID) {
		t.Errorf("migrated %v, current %s", migrated, s.current())
	}
	if got, err := os.ReadFile(s.path("migrations")); err != nil || string(got) != "migrates "+s.path("opt/app/releases", string(to.ID))+"\n" {
		t.Errorf("%q, %v", got, err)
	}
	s.says("web1 | once", "| app[7]: migrated")
	last := h.Seen().History[len(h.Seen().History)-1]
	if last.Verb != release.Migrate || last.To != to.ID || last.Outcome != release.Started || !strings.HasSuffix(last.Key, ".migrate") {
		t.Errorf("the history ends with %+v", last)
	}
}

func TestAMigrationThatFailsWasStarted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.must(os.WriteFile(s.path("refuse-migration"), nil, 0o644))
	h, to := s.staged(s.release(1, false), func(p *host.Plan) { p.Migrate = "app-migrate.service" })
	migrated, err := h.Once(t.Context(), to)
	s.failed(err, "app-migrate.service failed")
	if !migrated {
		t.Error("it does not count as started")
	}
	h.Close()
	h, to = s.staged(s.release(2, false), func(p *host.Plan) { p.Once, p.Migrate = "exit 3", "app-migrate.service" })
	if migrated, err := h.Once(t.Context(), to); migrated || err == nil {
		t.Errorf("after commands that fail: migrated %v, %v", migrated, err)
	}
	h.Close()
	h, to = s.staged(s.release(3, false), nil)
	if migrated, err := h.Once(t.Context(), to); migrated || err != nil {
		t.Errorf("nothing to run: migrated %v, %v", migrated, err)
	}
}

func TestARollbackToWhatWasNeverLiveKeepsTheEnvironment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h, to := s.staged(s.release(1, false), func(p *host.Plan) {
		p.Env = &config.Env{Variables: []config.Variable{{Name: "A", Value: "1"}}}
	})
	s.must(h.Activate(t.Context(), to))
	s.must(h.Conclude(t.Context()))
	s.must(h.Stage(t.Context(), s.release(2, false)))
	h.Close()
	h = s.meet(release.Rollback, nil)
	two, err := h.Adopt(t.Context(), release.Activation{ID: at(2)})
	s.must(err)
	text, err := os.ReadFile(s.path("opt/app/activations", two.Env, "environment"))
	if err != nil || two.Env == to.Env || !strings.Contains(string(text), "export A='1'") {
		t.Errorf("%s has %q, %v", two, text, err)
	}
	if same, err := h.Adopt(t.Context(), to.Activation); err != nil || same != to.Activation {
		t.Errorf("what was live has its own: %s, %v", same, err)
	}
}
