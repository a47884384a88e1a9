package app

import (
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/progress"
)

func TestDebugLoggingShowsEverything(t *testing.T) {
	for name, c := range map[string]struct{ debug, verbose, want string }{
		"debug logging":            {"1", "", "2"},
		"whatever is set":          {"1", "0", "2"},
		"no debug logging":         {"", "1", "1"},
		"as the runner never says": {"0", "", ""},
	} {
		w := newWorld()
		w.step(t)
		w.env["RUNNER_DEBUG"], w.env["INPUT_VERBOSE"] = c.debug, c.verbose
		runner := gha.New(w.Getenv, w.Stdout)
		step, err := runner.Run()
		if err != nil {
			t.Fatal(err)
		}
		look := inputs(config.Deploy, runner, step, w.Getenv)
		if got := look("verbose"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// traces returns the lines of a log that come from package script.
func traces(log string) (lines []string) {
	for line := range strings.Lines(log) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "local: ") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestScriptsOnEveryServerAreShownWhenThatIsAskedFor(t *testing.T) {
	build := func(verbose string) *world { // fails when it contacts the git server
		w := buildSettings("--wait-for-lock", "0s", "--verbose", verbose, "--repository", "https://127.0.0.1:1/x")
		w.env["HOME"], w.env["PATH"] = t.TempDir(), os.Getenv("PATH")
		return w
	}
	artifacts := func(verbose string) *world {
		w := newWorld("artifacts", "--app", "apxr/apxr_io", "--build-host", "local", "--verbose", verbose)
		w.env["HOME"], w.env["PATH"] = t.TempDir(), os.Getenv("PATH")
		return w
	}
	releases := func(verbose string) *world {
		w := newWorld("releases", "--app", "apxr/apxr_io", "--hosts", "local", "--deploy-to", t.TempDir(), "--verbose", verbose)
		w.env["PATH"] = os.Getenv("PATH")
		return w
	}
	for name, c := range map[string]struct {
		world func(verbose string) *world
		want  []string
	}{
		"a build":       {build, []string{"local: lock: runs with dir=", "local: checkout: runs with build=", "local: checkout: ended after"}},
		"the artifacts": {artifacts, []string{"local: artifacts: runs with app=apxr/apxr_io"}},
		"a web server":  {releases, []string{"local: inspect: runs with base="}},
	} {
		for _, verbose := range []string{"1", "2"} {
			w := c.world(verbose)
			CLI(w.System)
			log := w.errOut.String()
			if verbose == "1" && len(traces(log)) > 0 {
				t.Errorf("%s: with 1 it shows %q", name, traces(log))
			}
			for _, want := range c.want {
				if verbose == "2" && !strings.Contains(log, want) {
					t.Errorf("%s: %q is not in\n%s", name, want, log)
				}
			}
		}
	}
}

func TestATraceHidesSecretsAndIsShort(t *testing.T) {
	var log strings.Builder
	tr := tracer{"web1", progress.New(progress.Terminal{W: &log}, "s3cret")}
	tr.Traced("inspect", "key=s3cret")
	tr.Traced("health", strings.Repeat("x", maxTraced-3)+"s3cret"+strings.Repeat("y", 100))
	want := "    web1: inspect: key=***\n    web1: health: " + strings.Repeat("x", maxTraced-3) + "***...\n"
	if log.String() != want {
		t.Errorf("%s", log.String())
	}
}
