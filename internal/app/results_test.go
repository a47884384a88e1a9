package app

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
	steps  = []report.Phase{{Name: "Check out", Took: time.Second}, {Name: "Compile", Took: 2 * time.Second}}
	digest = release.Digest(strings.Repeat("0123456789abcdef", 4))
	broke  = report.Ended{Err: errors.New("web2: nothing listens on port 4001\nthe release was taken back")}
)

func built(v config.Verb, m *release.Manifest, err error) report.Build {
	return report.Build{Verb: string(v), Made: m, Digest: digest, Phases: steps, Kept: "all", Ended: report.Ended{Err: err}}
}

func failed(v config.Verb, err error) report.Result {
	return job{settings: settings{Config: config.Config{Verb: v}}}.failed(err)
}

func rolled(outcome host.Outcome, became rollout.Became, problem string, ended report.Ended) report.Rollout {
	var kind host.Kind
	if problem != "" {
		kind = host.NotProved
	}
	return report.Rollout{Ended: ended, App: "apxr/apxr_io", Environment: "production", Result: rollout.Result{
		Verb: release.Deploy, Became: became, Target: made.ReleaseID, Version: "0.2.0", Revision: "abc", Took: 3 * time.Second,
		Digest:   digest,
		Previous: rollout.Version{ID: "20240101T000000", Version: "0.1.0"},
		Hosts: []host.Result{
			{Host: "web1", Outcome: outcome, Before: "20240101T000000", After: made.ReleaseID, Took: time.Second, Known: true},
			{Host: "web2", Outcome: outcome, Before: "20240101T000000", After: made.ReleaseID, Took: 2 * time.Second, Problem: problem, Kind: kind, Known: true},
		},
	}}
}

var (
	live   = rolled(host.Live, rollout.BecameLive, "", report.Ended{})
	undone = rolled(host.Reverted, rollout.BecameFailed, "nothing listens on port 4001", broke)
)

var prepared = setup.Result{Took: time.Second, Hosts: []setup.Host{
	{Name: "web1", Outcome: setup.Changed, Changed: 1, OK: 7, Tasks: []setup.Task{{Role: "users", Name: "Make the group", Status: setup.TaskChanged}}},
}}

var listings = []rollout.Listing{{
	Host: "web1", Now: 1704240000, Releases: []rollout.Listed{{ID: made.ReleaseID, Current: true, Running: true, KiB: 2048}},
	History: release.History{{Verb: release.Deploy, To: made.ReleaseID, Outcome: release.Live, Who: "ann"}},
}, {Host: "web2", Problem: "it cannot be reached"}}

// ends has the ways in which verbs end.
var ends = map[string]struct {
	verb config.Verb
	json bool
	out  report.Result
}{
	"build":           {config.BuildRelease, false, built(config.BuildRelease, &made, nil)},
	"build-failed":    {config.BuildRelease, false, built(config.BuildRelease, nil, errors.New("it does not compile"))},
	"build-refused":   {config.BuildRelease, false, report.Build{Verb: "build-release", Ended: report.Ended{Err: config.Mistakes{"deploy-keys: no key"}}}},
	"deploy":          {config.Deploy, false, live},
	"deploy-failed":   {config.Deploy, false, undone},
	"deploy-refused":  {config.Deploy, false, failed(config.Deploy, errors.New("build1 cannot be reached"))},
	"both":            {config.BuildAndDeploy, false, report.Both{Build: built(config.BuildAndDeploy, &made, nil), Then: live}},
	"both-no-deploy":  {config.BuildAndDeploy, false, report.Both{Build: built(config.BuildAndDeploy, &made, nil), Then: failed(config.BuildAndDeploy, errors.New("the artifact cannot be read"))}},
	"both-failed":     {config.BuildAndDeploy, false, report.Both{Build: built(config.BuildAndDeploy, &made, nil), Then: undone}},
	"both-no-build":   {config.BuildAndDeploy, false, built(config.BuildAndDeploy, nil, errors.New("it does not compile"))},
	"build-json":      {config.BuildRelease, true, built(config.BuildRelease, &made, nil)},
	"no-build-json":   {config.BuildRelease, true, built(config.BuildRelease, nil, errors.New("it does not compile"))},
	"deploy-json":     {config.Deploy, true, live},
	"both-json":       {config.BuildAndDeploy, true, report.Both{Build: built(config.BuildAndDeploy, &made, nil), Then: undone}},
	"setup-json":      {config.Setup, true, report.Setup{Result: prepared}},
	"setup":           {config.Setup, false, report.Setup{Result: prepared}},
	"setup-failed":    {config.Setup, false, report.Setup{Result: prepared, Ended: report.Ended{Err: errors.New("web1: unreachable")}}},
	"releases":        {config.Releases, false, report.Releases{Hosts: listings, Ended: report.Ended{Err: errors.New("web2: it cannot be reached")}}},
	"releases-json":   {config.Releases, true, report.Releases{Hosts: listings}},
	"history":         {config.History, false, report.History{Hosts: listings}},
	"history-json":    {config.History, true, report.History{Hosts: listings, Ended: report.Ended{Err: errors.New("web2: it cannot be reached")}}},
	"artifacts":       {config.Artifacts, false, report.Artifacts{Stored: []release.Stored{{ID: made.ReleaseID, Manifest: made, Size: 2e6}}}},
	"artifacts-json":  {config.Artifacts, true, report.Artifacts{}},
	"artifacts-error": {config.Artifacts, false, failed(config.Artifacts, errors.New("build1 cannot be reached"))},
}

func TestWhatIsShownOfEveryResult(t *testing.T) {
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			code := tell(newExit(w.System, nil), progress.New(progress.Terminal{W: w.Stderr}), c.out, c.json)
			text := fmt.Sprintf("--- terminal, exit %d: stdout\n%s--- stderr\n%s", code, w.out.String(), w.errOut.String())
			if !c.json && len(config.OutputsOf(c.verb)) > 0 {
				text += shownInAStep(t, c.out)
			}
			golden(t, filepath.Join("testdata", name+".golden"), text)
		})
	}
}

func shownInAStep(t *testing.T, out report.Result) string {
	w := newWorld()
	output, summary := w.step(t)
	runner := gha.New(w.Getenv, w.Stdout)
	code := (hand{runner, progress.New(runner), report.Place{App: "apxr/apxr_io", Environment: "production"}}).over(out)
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

// tokenRE matches what the runner's library generates: random tokens and a long
// delimiter.
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
