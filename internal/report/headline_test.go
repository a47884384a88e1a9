package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// ending is a run on two servers as it ended.
type ending struct {
	verb     release.Verb
	became   rollout.Became
	hosts    [2]host.Result
	change   func(*Rollout)
	headline string
}

var (
	isLive    = host.Result{Outcome: host.Live, Known: true, Before: r1, After: r2}
	wentBack  = host.Result{Outcome: host.Reverted, Known: true, Before: r1, After: r1, Problem: "web2 failed: it exits"}
	exits     = host.Result{Outcome: host.Reverted, Known: true, Before: r1, After: r1, Kind: host.NotProved, Problem: "not proved within 1m0s (looked 230 times): GET http://127.0.0.1:4001/health answers 500, not 200-299"}
	lost      = host.Result{Outcome: host.Failed, Known: true, Before: r1, After: r2, Kind: host.Unrepaired, Problem: "cannot connect: connection refused"}
	notThere  = host.Result{Outcome: host.Untouched, Kind: host.Unreachable, Problem: "cannot connect: connection refused"}
	untouched = host.Result{Outcome: host.Untouched, Known: true, Before: r1, After: r1}
	unfit     = host.Result{Outcome: host.Untouched, Known: true, Before: r1, After: r1, Kind: host.Unfit, Problem: "no unit\nno sudo rule"}
	stopped   = host.Result{Outcome: host.Reverted, Known: true, Before: r1, After: r1, Kind: host.Cancelled, Problem: "the run was cancelled before the release was proved"}
	takenBack = host.Result{Outcome: host.Reverted, Known: true, Before: r2, After: r1}
	staged    = host.Result{Outcome: host.Staged, Known: true, Before: r1, After: r1}
	going     = host.Result{Outcome: host.GoingBack, Known: true, Before: r1, After: r1, Kind: host.Cancelled, Problem: "the run was cancelled; there was no time to see it go back to 20240101T000000: the host ends that by itself, and the next deploy checks it"}
	unchanged = host.Result{Outcome: host.Unchanged, Known: true, Before: r2, After: r2}
)

func fails(r *Rollout)     { r.Err = errors.New("it failed") }
func cancelled(r *Rollout) { fails(r); r.Cancelled = true }

var endings = map[string]ending{
	"a deploy":           {verb: release.Deploy, became: rollout.BecameLive, hosts: [2]host.Result{isLive, isLive}, headline: "acme/shopd 0.4.0 is live in production (2 of 2 servers, 57 s)"},
	"an activation":      {verb: release.Activate, became: rollout.BecameLive, hosts: [2]host.Result{isLive, unchanged}, headline: "acme/shopd 0.4.0 is live in production (2 of 2 servers, 57 s)"},
	"a rollback":         {verb: release.Rollback, became: rollout.BecameLive, hosts: [2]host.Result{isLive, isLive}, headline: "acme/shopd is back on 0.4.0 in production (2 of 2 servers, 57 s)"},
	"a stage":            {verb: release.Stage, became: rollout.BecameStaged, hosts: [2]host.Result{staged, staged}, headline: "acme/shopd 0.4.0 is staged in production (2 of 2 servers, 57 s)"},
	"a revert":           {verb: release.Revert, became: rollout.BecameReverted, hosts: [2]host.Result{takenBack, takenBack}, headline: "acme/shopd 0.4.0 is taken back in production (2 of 2 servers, 57 s)"},
	"the same again":     {verb: release.Deploy, became: rollout.BecameUnchanged, hosts: [2]host.Result{unchanged, unchanged}, headline: "acme/shopd 0.4.0 was already live in production (2 servers): nothing to change"},
	"back to the same":   {verb: release.Rollback, became: rollout.BecameUnchanged, hosts: [2]host.Result{unchanged, unchanged}, headline: "acme/shopd was already on 0.4.0 in production (2 servers): nothing to change"},
	"an older one":       {verb: release.Deploy, became: rollout.BecameSuperseded, hosts: [2]host.Result{untouched, untouched}, headline: "acme/shopd 0.4.0 was superseded in production: nothing was changed"},
	"a dry run":          {verb: release.Deploy, became: rollout.BecamePlan, hosts: [2]host.Result{untouched, untouched}, headline: "dry run: acme/shopd 0.4.0 would be live in production on 2 servers; nothing was changed"},
	"a dry rollback":     {verb: release.Rollback, became: rollout.BecamePlan, hosts: [2]host.Result{untouched, untouched}, headline: "dry run: acme/shopd would be back on 0.4.0 in production on 2 servers; nothing was changed"},
	"max-failures":       {verb: release.Deploy, became: rollout.BecamePartial, hosts: [2]host.Result{isLive, notThere}, headline: "acme/shopd 0.4.0 is live in production on only 1 of 2 servers: web2: cannot connect: connection refused"},
	"a bad release":      {verb: release.Deploy, change: fails, hosts: [2]host.Result{wentBack, exits}, headline: "acme/shopd 0.4.0 is not live in production: web2: /health answers 500 (all servers run 0.3.9 again)"},
	"a bad rollback":     {verb: release.Rollback, change: fails, hosts: [2]host.Result{wentBack, exits}, headline: "acme/shopd is not back on 0.4.0 in production: web2: /health answers 500 (all servers run 0.3.9 again)"},
	"a server is lost":   {verb: release.Deploy, change: fails, hosts: [2]host.Result{wentBack, lost}, headline: "acme/shopd 0.4.0 is not live in production: web2: cannot connect: connection refused"},
	"not ready":          {verb: release.Deploy, change: fails, hosts: [2]host.Result{untouched, unfit}, headline: "acme/shopd 0.4.0 is not live in production: web2: no unit (all servers still run 0.3.9)"},
	"half a rollback":    {verb: release.Rollback, change: fails, hosts: [2]host.Result{isLive, notThere}, headline: "acme/shopd is back on 0.4.0 in production on only 1 of 2 servers: web2: cannot connect: connection refused"},
	"a bad stage":        {verb: release.Stage, change: fails, hosts: [2]host.Result{staged, notThere}, headline: "acme/shopd 0.4.0 is staged in production on only 1 of 2 servers: web2: cannot connect: connection refused"},
	"no stage":           {verb: release.Stage, change: fails, hosts: [2]host.Result{unfit, unfit}, headline: "acme/shopd 0.4.0 is not staged in production: web1, web2: no unit"},
	"a cancelled deploy": {verb: release.Deploy, change: cancelled, hosts: [2]host.Result{wentBack, stopped}, headline: "the deploy of acme/shopd 0.4.0 in production was cancelled: web2: the run was cancelled before the release was proved (all servers run 0.3.9 again)"},
	"not seen back":      {verb: release.Deploy, change: cancelled, hosts: [2]host.Result{wentBack, going}, headline: "the deploy of acme/shopd 0.4.0 in production was cancelled: web2: the run was cancelled (web2 was still going back when the run ended)"},
	"no environment":     {verb: release.Deploy, became: rollout.BecameLive, hosts: [2]host.Result{isLive, isLive}, change: func(r *Rollout) { r.Environment = "" }, headline: "acme/shopd 0.4.0 is live (2 of 2 servers, 57 s)"},
	"no application":     {verb: release.Deploy, became: rollout.BecameLive, hosts: [2]host.Result{isLive, isLive}, change: func(r *Rollout) { r.App = "" }, headline: "Release 0.4.0 is live in production (2 of 2 servers, 57 s)"},
	"one server":         {verb: release.Deploy, hosts: [2]host.Result{exits, exits}, change: func(r *Rollout) { fails(r); r.Hosts = r.Hosts[:1] }, headline: "acme/shopd 0.4.0 is not live in production: web1: /health answers 500 (the server runs 0.3.9 again)"},
	"the same version":   {verb: release.Deploy, hosts: [2]host.Result{wentBack, exits}, change: func(r *Rollout) { fails(r); r.Previous.Version = "0.4.0" }, headline: "acme/shopd 0.4.0 (20240102T000000) is not live in production: web2: /health answers 500 (all servers run 0.4.0 (20240101T000000) again)"},
	"a first deploy":     {verb: release.Deploy, hosts: [2]host.Result{{Outcome: host.Reverted, Known: true, Problem: "web2 failed: it exits"}, {Outcome: host.Reverted, Known: true, Kind: host.NotProved, Problem: "the release exits; see the unit log"}}, change: func(r *Rollout) { fails(r); r.Previous = rollout.Version{} }, headline: "acme/shopd 0.4.0 is not live in production: web2: the release exits (no release runs, as before)"},
	"not recorded":       {verb: release.Deploy, change: fails, hosts: [2]host.Result{isLive, isLive}, headline: "acme/shopd 0.4.0 is live in production, but the run failed: it failed"},
}

func (e ending) rollout() Rollout {
	r := Rollout{App: "acme/shopd", Environment: "production", Result: rollout.Result{
		Verb: e.verb, Became: e.became, Target: r2, Version: "0.4.0", Took: 57 * time.Second, Previous: rollout.Version{ID: r1, Version: "0.3.9"},
	}}
	for i, h := range e.hosts {
		h.Host = fmt.Sprintf("web%d", i+1)
		r.Hosts = append(r.Hosts, h)
	}
	if e.change != nil {
		e.change(&r)
	}
	return r
}

func TestHeadlinesSayWhatRuns(t *testing.T) {
	for name, e := range endings {
		if got := e.rollout().Headline(); got != e.headline {
			t.Errorf("%s:\n got %q\nwant %q", name, got, e.headline)
		}
	}
}

// The log, the annotation and the summary have the same words.
func TestTheSameHeadlineIsEverywhere(t *testing.T) {
	for name, e := range endings {
		r := e.rollout()
		title, _, _ := strings.Cut(r.Markdown(Place{App: r.App, Environment: r.Environment}), "\n")
		if !strings.HasSuffix(title, " "+inline(e.headline)) {
			t.Errorf("%s: the summary begins with %q", name, title)
		}
		if first, _, _ := strings.Cut(r.Text(), "\n"); first != e.headline {
			t.Errorf("%s: the log says %q", name, first)
		}
		if r.Err != nil && r.Problem() != e.headline {
			t.Errorf("%s: the last line is %q", name, r.Problem())
		}
	}
}

func TestReasonsAreShort(t *testing.T) {
	for problem, want := range map[string]string{
		"not proved within 2m30s (looked 9 times): GET https://localhost:4443/up/ answers 503, not 200": "/up/ answers 503",
		"GET http://[::1]:4000/health answers with a body without \"ok\"":                               "/health answers with a body without \"ok\"",
		"the commands of after-activate failed with exit status 1; see above":                           "the commands of after-activate failed with exit status 1",
		"the port is held by:\n  nginx":                                                                 "the port is held by: nginx",
		"":                                                                                              "no reason was given",
		strings.Repeat("long words ", 20):                                                               strings.Repeat("long words ", 10) + "long…",
		strings.Repeat("x", 121):                                                                        strings.Repeat("x", 119) + "…",
	} {
		got := shortReason(host.Result{Problem: problem})
		if got != want || utf8.RuneCountInString(got) > maxShort {
			t.Errorf("%q:\n got %q\nwant %q", problem, got, want)
		}
	}
}

func TestManyHostsAndAReasonFitInAHeadline(t *testing.T) {
	r := rollout.Result{Verb: release.Deploy, Target: r2, Version: "0.4.0"}
	for i := range 40 {
		r.Hosts = append(r.Hosts, host.Result{Host: fmt.Sprintf("web%d.fra.example.com", i+1), Outcome: host.Untouched, Kind: host.Unreachable, Problem: "cannot connect: " + strings.Repeat("no route ", 30)})
	}
	_, reason, _ := strings.Cut(went(r, errors.New("it failed")).Headline(), "is not live: ")
	if !strings.HasPrefix(reason, "web1.fra.example.com and 39 more hosts: cannot connect: no route") || utf8.RuneCountInString(reason) > maxShort {
		t.Errorf("%d characters: %q", utf8.RuneCountInString(reason), reason)
	}
}

// What the unit log says of the cause belongs to the reason.
func TestTheReasonHasTheCauseFromTheUnitLog(t *testing.T) {
	for name, c := range map[string]struct {
		h    host.Result
		want string
	}{
		"a cause":              {host.Result{Problem: "not proved within 90s (looked 4 times): http://127.0.0.1:4001/health answers 500", Cause: "(DBConnection.ConnectionError) refused"}, "/health answers 500: (DBConnection.ConnectionError) refused"},
		"a form for headlines": {host.Result{Problem: "the release exits: systemd had to start it again", Short: "it exits", Cause: "no such table"}, "it exits: no such table"},
		"said already":         {host.Result{Problem: "the command failed: no such table", Cause: "no such table"}, "the command failed: no such table"},
	} {
		if got := shortReason(c.h); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	long := shortReason(host.Result{Problem: "it exits", Cause: strings.Repeat("word ", 40)})
	if n := utf8.RuneCountInString(long); n > maxShort || n < maxShort-10 {
		t.Errorf("a long cause makes %d runes: %q", n, long)
	}
}

// Terminals are 80 columns wide or more. A table that is wider cannot be read there.
func TestTheTableFitsInATerminal(t *testing.T) {
	for _, hosts := range []int{1, 60} {
		r, err := failed(hosts)
		for name, got := range map[string]Rollout{"live": went(deploy(hosts), nil), "failed": went(r, err)} {
			_, table, _ := strings.Cut(got.Text(), "\nHOST ")
			rows := strings.Split("HOST "+table, "\n")[:hosts+1]
			for _, line := range rows {
				if utf8.RuneCountInString(line) > 80 {
					t.Errorf("%s: %q", name, line)
				}
			}
			if last := rows[hosts]; !strings.HasPrefix(last, fmt.Sprintf("web%d.example.com ", hosts)) {
				t.Errorf("%s: the last host is %q", name, last)
			}
		}
	}
	same, err := failed(60) // the versions do not tell the releases apart: IDs do, which are longer
	same.Previous.Version = "0.2.0"
	if text := went(same, err).Text(); !strings.Contains(text, "\nweb60.example.com  failed, put back  20240101T000000  20240101T000000  3.1 s\n") {
		t.Error(text)
	}
}

// Two releases of one version, one of which the run knows only since it runs now.
func TestReleasesOfOneVersionHaveTheirIDs(t *testing.T) {
	t.Parallel()
	r := result(release.Revert, r2)
	r.Version, r.Became = "0.1.0", rollout.BecameReverted
	r.Running = rollout.Running{Version: rollout.Version{ID: r1, Version: "0.1.0"}, Hosts: 1}
	r.Hosts = []host.Result{{Host: "web1", Outcome: host.Reverted, Before: r2, After: r1, Known: true}}
	text := went(r, nil).Text()
	for _, want := range []string{string(r2 + "  " + r1)} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}
