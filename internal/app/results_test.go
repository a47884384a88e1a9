package app

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/setup"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	made   = release.Manifest{ReleaseID: "20240102T000000", App: "apxr_io", Version: "0.2.0", Revision: "abc", Elixir: "1.14.0", OTP: "25"}
	phases = report.Build{Phases: []report.Phase{{Name: "Check out", Took: time.Second}, {Name: "Compile", Took: 2 * time.Second}}, Kept: "all"}
	broke  = errors.New("web2: nothing listens on port 4001\nthe release was taken back")
)

func rolled(outcome host.Outcome, became rollout.Became, problem string) *rollout.Result {
	return &rollout.Result{
		Verb: release.Deploy, Became: became, Target: made.ReleaseID, Version: "0.2.0", Revision: "abc", Took: 3 * time.Second,
		Previous: rollout.Version{ID: "20240101T000000", Version: "0.1.0"},
		Hosts: []host.Result{
			{Host: "web1", Outcome: outcome, Before: "20240101T000000", After: made.ReleaseID, Took: time.Second},
			{Host: "web2", Outcome: outcome, Before: "20240101T000000", After: made.ReleaseID, Took: 2 * time.Second, Problem: problem},
		},
	}
}

var prepared = setup.Result{Took: time.Second, Hosts: []setup.Host{
	{Name: "web1", Outcome: setup.Changed, Changed: 1, OK: 7, Tasks: []setup.Task{{Role: "users", Name: "Make the group", Status: setup.TaskChanged}}},
}}

var listings = []rollout.Listing{{
	Host: "web1", Now: 1704240000, Releases: []rollout.Listed{{ID: made.ReleaseID, Current: true, Running: true, KiB: 2048}},
	History: release.History{{Verb: release.Deploy, To: made.ReleaseID, Outcome: release.Live, Who: "ann"}},
}, {Host: "web2", Problem: "it cannot be reached"}}

// ends are the ways in which verbs end, as they are shown.
var ends = map[string]struct {
	verb config.Verb
	json bool
	out  outcome
	err  error
}{
	"build":           {config.BuildRelease, false, outcome{build: &phases, built: &made}, nil},
	"build-failed":    {config.BuildRelease, false, outcome{build: &phases}, errors.New("it does not compile")},
	"build-refused":   {config.BuildRelease, false, outcome{}, config.Mistakes{"deploy-keys: no key"}},
	"deploy":          {config.Deploy, false, outcome{rolled: rolled(host.Live, rollout.BecameLive, "")}, nil},
	"deploy-failed":   {config.Deploy, false, outcome{rolled: rolled(host.Reverted, rollout.BecameFailed, "nothing listens on port 4001")}, broke},
	"deploy-refused":  {config.Deploy, false, outcome{}, errors.New("build1 cannot be reached")},
	"both":            {config.BuildAndDeploy, false, outcome{build: &phases, built: &made, rolled: rolled(host.Live, rollout.BecameLive, "")}, nil},
	"both-no-deploy":  {config.BuildAndDeploy, false, outcome{build: &phases, built: &made}, errors.New("the artifact cannot be read")},
	"both-failed":     {config.BuildAndDeploy, false, outcome{build: &phases, built: &made, rolled: rolled(host.Reverted, rollout.BecameFailed, "nothing listens on port 4001")}, broke},
	"both-no-build":   {config.BuildAndDeploy, false, outcome{build: &phases}, errors.New("it does not compile")},
	"setup":           {config.Setup, false, outcome{prepared: &prepared}, nil},
	"setup-failed":    {config.Setup, false, outcome{prepared: &prepared}, errors.New("web1: unreachable")},
	"releases":        {config.Releases, false, outcome{listings: listings}, errors.New("web2: it cannot be reached")},
	"releases-json":   {config.Releases, true, outcome{listings: listings}, nil},
	"history":         {config.History, false, outcome{listings: listings}, nil},
	"history-json":    {config.History, true, outcome{listings: listings}, errors.New("web2: it cannot be reached")},
	"artifacts":       {config.Artifacts, false, outcome{artifacts: []release.Stored{{ID: made.ReleaseID, Manifest: made, Size: 2e6}}}, nil},
	"artifacts-json":  {config.Artifacts, true, outcome{artifacts: []release.Stored{}}, nil},
	"artifacts-error": {config.Artifacts, false, outcome{}, errors.New("build1 cannot be reached")},
}

func TestWhatIsShownOfEveryResult(t *testing.T) {
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			err := tell(w.System, progress.New(progress.Terminal{W: w.Stderr}), config.Config{Verb: c.verb, JSON: c.json}, c.out, c.err)
			text := fmt.Sprintf("--- terminal, exit %d: stdout\n%s--- stderr\n%s", exitCode(err), w.out.String(), w.errOut.String())
			if isAction(c.verb) {
				text += shownInAStep(t, c.verb, c.out, c.err)
			}
			golden(t, filepath.Join("testdata", name+".golden"), text)
		})
	}
}

func isAction(v config.Verb) bool { return len(config.OutputsOf(v)) > 0 }

func shownInAStep(t *testing.T, verb config.Verb, out outcome, err error) string {
	w := newWorld()
	output, summary := w.step(t)
	runner := gha.New(w.Getenv, w.Stdout)
	code := (hand{runner, progress.New(runner), report.Place{App: "apxr/apxr_io", Environment: "production"}}).over(verb, out, err)
	text := fmt.Sprintf("--- step, exit %d: log\n%s", code, w.out.String())
	for _, part := range []struct{ name, file string }{{"summary", summary}, {"outputs", output}} {
		data, err := os.ReadFile(part.file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		text += "--- " + part.name + "\n" + string(data)
	}
	return tokenRE.ReplaceAllString(text, "TOKEN")
}

// tokenRE is what the runner's library chooses anew each time, or says at length.
var tokenRE = regexp.MustCompile(`\b[A-Z0-9]{26}\b|_GitHubActionsFileCommandDelimeter_`)

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\ngot\n%s\nwant\n%s", file, got, want)
	}
}
