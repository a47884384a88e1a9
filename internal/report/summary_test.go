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

var place = Place{
	App: "apxr/apxr_io", Environment: "production", Repository: "https://github.com/apxr/apxr_io",
	Run: "https://github.com/apxr/apxr_io/actions/runs/42", Rollback: "rollback.yml",
}

var revision1 = strings.Repeat("abcdef0123", 4)

// phased returns a host with the phases of a deploy, one after the other.
func phased(h host.Result, phases ...host.Phase) host.Result {
	at := time.Duration(0)
	for _, p := range phases {
		p.Began = max(at, p.Began)
		at = p.Began + p.Took
		h.Phases = append(h.Phases, p)
	}
	return h
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// deployed returns the i-th host of a large deploy.
func deployed(i int) host.Result {
	batch := 0
	if i > 0 {
		batch = 1 + (i-1)/25
	}
	turn := ms(4000 + 3500*batch)
	return phased(
		host.Result{Host: fmt.Sprintf("web%d.example.com", i+1), Outcome: host.Live, Before: r1, After: r2, Took: ms(3100), Proof: "apxr_io.service is active with the release as main process, http://127.0.0.1:4001/health answers 200-299; looked 9 times in 2.3 s, and it stayed so for 2s"},
		host.Phase{Name: host.PhaseConnect, Took: ms(80 + i%7)}, host.Phase{Name: host.PhaseLock, Took: ms(45)}, host.Phase{Name: host.PhaseInspect, Took: ms(300 + 13*(i%9))},
		host.Phase{Name: host.PhaseStage, Took: ms(2100 + 37*(i%11))},
		host.Phase{Name: host.PhaseSwitch, Began: turn, Took: ms(700)}, host.Phase{Name: host.PhaseProve, Took: ms(2300)},
	)
}

func deploy(hosts int) rollout.Result {
	r := result(release.Deploy, r2)
	r.Became, r.Took = rollout.BecameLive, ms(12345)
	r.Previous = rollout.Version{ID: r1, Version: "0.1.0", Revision: revision1}
	for i := range hosts {
		r.Hosts = append(r.Hosts, deployed(i))
	}
	r.Running = rollout.Running{Version: rollout.Version{ID: r2, Version: "0.2.0", Revision: revision}, Hosts: hosts}
	return r
}

var unitLog = []string{
	"web2 apxr_io[4711]: [error] Postgrex.Protocol (#PID<0.312.0>) failed to connect: ** (DBConnection.ConnectionError) tcp connect (db:5432): connection refused",
	"web2 apxr_io[4711]: ** (exit) shutdown", "web2 systemd[1]: apxr_io.service: Main process exited, code=exited, status=1/FAILURE",
}

// failed returns a deploy whose last host fails and takes all others back.
func failed(hosts int) (rollout.Result, error) {
	r := deploy(hosts)
	last := hosts - 1
	const why = "not proved within 1m0s (looked 230 times): GET http://127.0.0.1:4001/health answers 500, not 200-299"
	for i := range r.Hosts {
		h := &r.Hosts[i]
		h.Outcome, h.After, h.Known, h.Problem = host.Reverted, r1, true, fmt.Sprintf("web%d.example.com failed: %s", hosts, why)
		if i == last {
			h.Problem, h.Kind, h.UnitLog = why, host.NotProved, unitLog
			h.Phases[5].Failed, h.Phases[5].Took = true, time.Minute
		}
		h.Phases = append(h.Phases, host.Phase{Name: host.PhaseGoBack, Began: 75 * time.Second, Took: ms(1500)})
	}
	r.Became, r.Running.Version = rollout.BecameFailed, r.Previous
	return r, fmt.Errorf("web%d.example.com: %s", hosts, why)
}

// inPart returns a deploy that left out an unreachable host.
func inPart(hosts int) rollout.Result {
	r := deploy(hosts)
	r.Became = rollout.BecamePartial
	r.Notice = fmt.Sprintf("1 host of %d stays on what it ran, as max-failures allows", hosts)
	r.Hosts[hosts-1] = phased(host.Result{Host: fmt.Sprintf("web%d.example.com", hosts), Outcome: host.Untouched, Kind: host.Unreachable, Problem: "cannot connect: connection refused"},
		host.Phase{Name: host.PhaseConnect, Took: ms(30), Failed: true})
	r.Running.Hosts--
	return r
}

func TestSummaries(t *testing.T) {
	for _, n := range []int{1, 8, 100} {
		golden(t, fmt.Sprintf("summary-%d.md", n), went(deploy(n), nil).Markdown(place))
		r, err := failed(n)
		golden(t, fmt.Sprintf("summary-%d-failed.md", n), went(r, err).Markdown(place))
		if n > 1 {
			golden(t, fmt.Sprintf("summary-%d-partial.md", n), went(inPart(n), nil).Markdown(place))
		}
	}
	back := deploy(2)
	back.Verb, back.Target, back.Version, back.Revision, back.Previous = release.Rollback, r1, "0.1.0", revision1, rollout.Version{ID: r2, Version: "0.2.0", Revision: revision}
	golden(t, "summary-rollback.md", went(back, nil).Markdown(place)+Pulls{Live: []int{3}, Gone: []int{12, 14}, Notes: []string{"112 pull requests are concerned: the 100 that were merged last are commented on."}}.Markdown(place))
}

// This is the worst case. GitHub shows no summary above 1 MiB.
func TestASummaryAlwaysFits(t *testing.T) {
	long := strings.Repeat("☃ `x` | <b>\n", 1500)
	r := rollout.Result{Verb: release.Deploy, Target: r2, Version: long, Revision: long, Notice: long, Became: rollout.BecamePartial, Plan: []string{long, long}}
	for i := range 2_000 {
		h := deployed(i)
		h.Host = strings.Repeat("x", 250) + h.Host
		h.Outcome, h.Problem, h.Proof = host.Failed, fmt.Sprint(i, long), long
		for range 25 {
			h.UnitLog = append(h.UnitLog, long)
		}
		r.Hosts = append(r.Hosts, h)
	}
	got := went(r, errors.New(long)).Markdown(place)
	if len(got) > 1<<20-100<<10 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
	if chart := timeline(r); len(chart) > 50_000 || strings.Count(chart, "section") != maxSections {
		t.Errorf("the chart has %d bytes, and Mermaid draws 50,000", len(chart))
	}
	for _, want := range []string{"1700 hosts more are in the log", "1970 more kinds of problems: see the log"} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

func TestOfVeryManyHostsThoseWithProblemsAreShown(t *testing.T) {
	r := deploy(1000)
	r.Hosts[777].Outcome, r.Hosts[777].Problem = host.Failed, "it burns"
	r.Hosts[888].Outcome, r.Hosts[888].Problem = host.Untouched, "it does not answer"
	got := went(r, errors.New("web778: it burns")).Markdown(place)
	for _, want := range []string{"| `web778.example.com` | ❌\u00a0FAILED", "| `web889.example.com` | ❌\u00a0not\u00a0changed", "section web778.example.com", "700 hosts more"} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

func TestOfManyHostsTheOneThatFailedIsSeenFirst(t *testing.T) {
	r, err := failed(100)
	if got := went(r, err).Markdown(place); !strings.Contains(got, "|---|---|---|---|\n| `web100.example.com` |") {
		t.Error(got[:3000])
	}
}

func TestSpansAreForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0 s", ms(40): "0.0 s", ms(1250): "1.2 s", 99 * time.Second: "99.0 s", 100 * time.Second: "1 min 40 s", time.Hour + time.Second: "60 min 1 s",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
}

func TestHowToLookInside(t *testing.T) {
	p := place
	flags := []string{"--units", "a.service,b.service", "--deploy-to", "/srv/shop", "--jump-hosts", "gate,[fd00::2]:22"}
	p.Flags = map[string][]string{"logs": flags, "console": flags}
	const rest = " --app apxr/apxr_io --units a.service,b.service --deploy-to /srv/shop \\\n    --jump-hosts 'gate,[fd00::2]:22'\n"
	r, err := failed(3)
	r.Hosts[0].Host, r.Hosts[2].Host = "local", "[fd00::1]:2222"
	want := "\nLook inside:\n\n```sh\nslipway logs '[fd00::1]:2222'" + rest + "slipway console '[fd00::1]:2222'" + rest + "```\n"
	if text := went(r, err).Markdown(p); !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
	r = inPart(2) // the second host was never reached
	if text := went(r, nil).Markdown(p); !strings.Contains(text, "Look inside:\n\n```sh\nslipway logs web1.example.com") {
		t.Error(text)
	}
	r = deploy(1)
	for name, spoil := range map[string]func(){
		"nothing is switched":  func() { r.Verb = release.Stage },
		"nothing is done":      func() { r.Verb, r.Became = release.Deploy, rollout.BecamePlan },
		"no person gets there": func() { r.Became, r.Hosts[0].Host = rollout.BecameLive, "local" },
	} {
		r = deploy(1)
		if spoil(); strings.Contains(went(r, nil).Markdown(p), "Look inside") {
			t.Error(name)
		}
	}
}

// GitHub does not break the lines of a code block: the rest is cut off.
func TestNoLineOfABlockIsCutOff(t *testing.T) {
	r, err := failed(2)
	long := strings.Repeat("word ", 60)
	r.Hosts[1].Problem, r.Hosts[1].UnitLog, r.Migrated = long+"\n"+strings.Repeat("x", 300), []string{long}, strings.Repeat("web1", 60)
	r.Reason = "it is known that " + long
	inBlock, whole := false, ""
	for line := range strings.Lines(went(r, err).Markdown(place)) {
		switch {
		case strings.HasPrefix(line, "```mermaid"):
		case strings.HasPrefix(line, "```"):
			inBlock = !inBlock
		case inBlock && utf8.RuneCountInString(line) > maxWidth+1:
			t.Errorf("%d characters: %s", len(line), line)
		case inBlock:
			whole += strings.Join(strings.Fields(line), "")
		}
	}
	for _, text := range []string{strings.Repeat("word", 60), strings.Repeat("x", 300)} {
		if !strings.Contains(whole, text) {
			t.Errorf("some of %q is missing in %q", text, whole)
		}
	}
}
