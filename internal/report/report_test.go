package report

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
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

const (
	r1 release.ID = "20240101T000000"
	r2 release.ID = "20240102T000000"
)

var revision = strings.Repeat("0123456789", 4)

func result(verb release.Verb, target release.ID, hosts ...host.Result) rollout.Result {
	return rollout.Result{Verb: verb, Target: target, Version: "0.2.0", Revision: revision, Hosts: hosts}
}

// fleet returns thirty hosts. One fails in the second batch of ten.
func fleet() rollout.Result {
	r := result(release.Deploy, r2)
	for i := range 30 {
		h := host.Result{Host: fmt.Sprintf("web%02d", i+1), Known: true, Before: r1, After: r1}
		switch {
		case i == 2:
			h.Kind, h.Outcome, h.Took, h.Problem, h.UnitLog = host.NotProved, host.Reverted, 60*time.Second, "not proved within 1m0s (looked 230 times): nothing listens on port 4001", []string{"app[7]: no database"}
		case i < 11:
			h.Outcome, h.Took, h.Problem = host.Reverted, time.Second, "web03 failed: not proved within 1m0s (looked 230 times): nothing listens on port 4001"
			h.Proof = "app.service is active; looked 9 times in 2.3 s"
		default:
			h.Outcome, h.Problem = host.Skipped, "not switched, because web03 failed"
		}
		r.Hosts = append(r.Hosts, h)
	}
	return r
}

// went returns a rollout that ended with this error.
func went(r rollout.Result, err error) Rollout {
	return Rollout{Result: r, Ended: Ended{err}, App: "acme/shopd"}
}

var results = map[string]Rollout{
	"success": went(result(release.Deploy, r2,
		host.Result{Host: "web1", Outcome: host.Live, Before: r1, After: r2, Took: 2345 * time.Millisecond},
		host.Result{Host: "root@[fd00::1]:2222", Outcome: host.Unchanged, Before: r2, After: r2},
	), nil),
	"first": went(result(release.Deploy, r2,
		host.Result{Host: "web1", Outcome: host.Live, After: r2, Took: 61 * time.Second},
	), nil),
	"failure": went(result(release.Deploy, r2,
		host.Result{Host: "web1", Outcome: host.Reverted, Known: true, Before: r1, After: r1, Took: time.Second, Problem: "web2 failed: not proved within 1m0s"},
		host.Result{
			Host: "web2", Outcome: host.Failed, Kind: host.NotProved, Known: true, Before: r1, After: r2, Took: 60 * time.Second, Problem: "not proved within 1m0s\nand going back failed too",
			UnitLog: []string{"app[7]: ** (EXIT) ```no case```", "app[7]: | stopped"},
		},
		host.Result{Host: "web3", Outcome: host.Skipped, Known: true, Before: r1, After: r1, Problem: "not switched, because web2 failed"},
	), errors.New("web2: not proved within 1m0s")),
	"partial": went(result(release.Rollback, r1,
		host.Result{Host: "web1", Outcome: host.Live, Before: r2, After: r1, Took: time.Second},
		host.Result{Host: "web2", Outcome: host.Untouched, Kind: host.Unreachable, Problem: "cannot connect: connection refused"},
	), errors.New("web2: cannot connect: connection refused")),
	"no-target": went(rollout.Result{Verb: release.Rollback, Hosts: []host.Result{
		{Host: "web1", Outcome: host.Untouched, Kind: host.Busy, Known: true, Problem: "held by another run: deploy by ann"},
	}}, errors.New("no host can be rolled back")),
	"superseded": went(rollout.Result{
		Verb: release.Deploy, Became: rollout.BecameSuperseded, Target: r1, Version: "0.1.0", Revision: revision,
		Notice: "release 20240101T000000 is older than what runs, release 20240102T000000; use force to deploy it all the same",
		Hosts:  []host.Result{{Host: "web1", Outcome: host.Untouched, Before: r2, After: r2}},
	}, nil),
	"dry-run": went(rollout.Result{
		Verb: release.Deploy, Became: rollout.BecamePlan, Target: r2, Version: "0.2.0", Revision: revision,
		Plan:  []string{"stage release 20240102T000000", "restart `web.service`, then worker.service"},
		Hosts: []host.Result{{Host: "web1", Outcome: host.Untouched, Before: r1, After: r1}},
	}, nil),
	"unchanged": went(rollout.Result{
		Verb: release.Deploy, Became: rollout.BecameUnchanged, Target: r2,
		Hosts: []host.Result{{Host: "web1", Outcome: host.Unchanged, Before: r2, After: r2}},
	}, nil),
	"proved": went(result(release.Deploy, r2,
		host.Result{Host: "web1", Outcome: host.Live, Before: r1, After: r2, Took: time.Second, Proof: "app.service is active, http://127.0.0.1:4001/_health answers 200-299; looked 9 times in 2.3 s"},
	), nil),
	"fleet": went(fleet(), errors.New("web03: not proved within 1m0s (looked 230 times): nothing listens on port 4001")),
	"some-stay": went(rollout.Result{
		Verb: release.Deploy, Became: rollout.BecamePartial, Target: r2, Notice: "1 host of 2 stays on what it ran, as max-failures allows",
		Hosts: []host.Result{
			{Host: "web1", Outcome: host.Live, Before: r1, After: r2, Took: time.Second},
			{Host: "web2", Outcome: host.Untouched, Kind: host.Unreachable, Problem: "cannot connect: connection refused"},
		},
	}, nil),
	"taken-back": went(result(release.Revert, r2,
		host.Result{Host: "web1", Outcome: host.Reverted, Before: r2, After: r1, Took: time.Second},
		host.Result{Host: "web2", Outcome: host.Untouched, Kind: host.Incomplete, Known: true, Before: r2, After: r2, Problem: "20240102T000000 cannot be taken back: release 20240101T000000 is not on this host, which has 20240102T000000"},
	), errors.New("web2: 20240102T000000 cannot be taken back: release 20240101T000000 is not on this host, which has 20240102T000000")),
	"refused": went(result(release.Deploy, r2,
		host.Result{Host: "web1", Outcome: host.Untouched, Kind: host.Unfit, Known: true, Before: r1, After: r1, Problem: "no unit\nno sudo rule"},
		host.Result{Host: "web2", Outcome: host.Untouched, Known: true, Before: r1, After: r1},
	), errors.New("nothing was switched on any host:\nweb1: no unit\nno sudo rule")),
}

func TestResultsForATerminal(t *testing.T) {
	for name, r := range results {
		golden(t, name+".txt", r.Text())
	}
}

func TestTheLastLineOfAFailure(t *testing.T) {
	for name, want := range map[string]string{
		"refused":   "acme/shopd 0.2.0 is not live: web1: no unit (all servers run what they ran before)",
		"no-target": "acme/shopd is not rolled back: web1: held by another run: deploy by ann (no release runs, as before)",
		"partial":   "acme/shopd is back on 0.2.0 on only 1 of 2 servers: web2: cannot connect: connection refused",
		"fleet":     "acme/shopd 0.2.0 is not live: web03: nothing listens on port 4001 (all servers run what they ran before)",
	} {
		if got := results[name].Problem(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestResultsForASummary(t *testing.T) {
	for name, r := range results {
		golden(t, name+".md", r.Markdown(place))
	}
	golden(t, "mistakes.md", Failure{"deploy", Ended{errors.New("2 mistakes in the settings:\n  app: missing\n  hosts: missing")}}.Markdown(place))
}

var digest = release.Digest(strings.Repeat("0123456789abcdef", 4))

func built() release.Manifest {
	return release.Manifest{
		ReleaseID: r2, App: "apxr_io", Version: "0.2.0", Revision: revision, Elixir: "1.16.3", OTP: "26.2.5",
		Files: []release.File{{Size: 12_340_000}, {Size: 60_000}},
	}
}

func TestABuildForASummary(t *testing.T) {
	m := built()
	phases := []Phase{{"Check out main", 1200 * time.Millisecond}, {"Release", 12 * time.Second}}
	golden(t, "build.md", Build{Made: &m, Digest: digest, Phases: phases, Kept: "dependencies"}.Markdown(place))
	golden(t, "build-failed.md", Build{Phases: phases[:1]}.Markdown(place))
	if got := (Build{}).Markdown(place); got != "" {
		t.Errorf("a build that did not begin: %q", got)
	}
	golden(t, "build.txt", Build{Phases: phases, Kept: "none"}.Steps()+"\n")
}

var at = time.Date(2024, 1, 2, 4, 0, 0, 0, time.FixedZone("CET", 3600))

var hosts = []rollout.Listing{
	{
		Host: "web1", Now: at.Add(9 * time.Hour).Unix(),
		Releases: []rollout.Listed{
			{ID: "20240103T000000", Bad: true, KiB: 36_000},
			{ID: r2, Current: true, Running: true, KiB: 36_123, Change: release.Change{At: at, Version: "0.2.0", Revision: revision, Who: "ann\x1b[31m", Run: "https://run/2"}},
			{ID: r1, Next: true, KiB: 35_000, Change: release.Change{At: at.AddDate(0, 0, -1), Version: "0.1.0", Revision: revision, Who: "bob@laptop"}},
			{ID: "20230101T000000"},
		},
		History: release.History{
			{Key: "1", At: at.AddDate(0, 0, -1), Verb: release.Deploy, To: r1, Version: "0.1.0", Who: "bob@laptop", Outcome: release.Live},
			{Key: "2", At: at, Verb: release.Deploy, From: r1, To: r2, Version: "0.2.0", Who: "ann", Run: "https://run/2", Outcome: release.Live, Forced: true},
			{Key: "3", At: at, Verb: release.Deploy, From: r2, To: r2, ToEnv: "20240102T030000.000000000", Who: "ann", Outcome: release.Reverted, Reason: "it failed"},
		},
	},
	{Host: "web2"},
	{Host: "web3", Problem: "cannot connect"},
}

func TestHostsForATerminal(t *testing.T) {
	golden(t, "releases.txt", Releases{Hosts: hosts}.Text())
	golden(t, "history.txt", History{Hosts: hosts}.Text())
}

func TestHostsForAScript(t *testing.T) {
	for name, list := range map[string]Result{"releases.json": Releases{Hosts: hosts}, "history.json": History{Hosts: hosts}} {
		text, err := list.JSON()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, text)
	}
	if text, err := (Releases{}).JSON(); err != nil || text != "[]\n" {
		t.Errorf("no hosts: %q %v", text, err)
	}
}

func TestLongLinesOfAUnitLogAreClipped(t *testing.T) {
	t.Parallel()
	got := clipped([]string{"short", strings.Repeat("ö", 300), strings.Repeat("ö", 301)})
	want := []string{"short", strings.Repeat("ö", 300), strings.Repeat("ö", 300) + " [...]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestHeadlineOfARollbackToNothing(t *testing.T) {
	t.Parallel()
	if got := (Rollout{Result: rollout.Result{Verb: release.Rollback}}).Headline(); got != "The application is rolled back, to no release at all" {
		t.Errorf("got %q", got)
	}
}

func TestWhatMigrationsLeave(t *testing.T) {
	failed := result(release.Deploy, r2, host.Result{Host: "web1", Outcome: host.Untouched, Problem: "app-migrate.service failed"})
	failed.Migrated = "web1"
	if text := went(failed, nil).Text(); !strings.Contains(text, "Migrations of "+string(r2)+" were started on web1") || !strings.Contains(text, "they are not taken back") {
		t.Errorf("%s", text)
	}
	back := result(release.Rollback, r1, host.Result{Host: "web1", Outcome: host.Live, Before: r2, After: r1})
	back.MigratedSince = []release.ID{r2}
	for _, text := range []string{went(back, nil).Text(), went(back, nil).Markdown(Place{})} {
		if !strings.Contains(text, "Migrations of "+string(r2)+" were started since "+string(r1)+" ran. A rollback does not take them back") {
			t.Errorf("%s", text)
		}
	}
}
