package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// hub answers like GitHub and records the requests. How the client behaves
// towards a complete GitHub is tested elsewhere.
type hub struct {
	*httptest.Server
	mu       sync.Mutex
	asked    []string // METHOD path state
	bodies   []string
	comments []map[string]any
	refuse   int           // the status of every answer; 0: none is refused
	ahead    time.Duration // how far the hub's clock is ahead of this machine's
}

func newHub(t *testing.T) *hub {
	h := &hub{}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Server.Close)
	return h
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, _ := io.ReadAll(r.Body)
	var body map[string]any
	json.Unmarshal(data, &body)
	line := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/repos/apxr/apxr_io/")
	if state, there := body["state"]; there {
		line += " " + state.(string)
	}
	h.asked = append(h.asked, line)
	h.bodies = append(h.bodies, string(data))
	w.Header().Set("Date", time.Now().Add(h.ahead).UTC().Format(http.TimeFormat))
	if h.refuse != 0 {
		w.WriteHeader(h.refuse)
		io.WriteString(w, `{"message":"Resource not accessible by integration"}`)
		return
	}
	switch {
	case r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/comments"):
		h.comments = append(h.comments, map[string]any{"id": 1, "body": body["body"], "user": map[string]any{"type": "Bot"}})
		fmt.Fprint(w, `{"id":1}`)
	case r.Method == "PATCH":
		h.comments[0]["body"] = body["body"]
		fmt.Fprint(w, `{"id":1}`)
	case strings.HasSuffix(r.URL.Path, "/comments"):
		json.NewEncoder(w).Encode(append([]map[string]any{}, h.comments...))
	case strings.Contains(r.URL.Path, "/compare/"+sha('b')+"..."):
		fmt.Fprint(w, `{"total_commits":0,"behind_by":1,"commits":[]}`)
	case strings.Contains(r.URL.Path, "/compare/"):
		fmt.Fprintf(w, `{"total_commits":1,"behind_by":0,"commits":[{"sha":"%s","commit":{"committer":{"date":"2024-01-02T00:00:00Z"}}}]}`, sha('b'))
	case strings.HasSuffix(r.URL.Path, "/pulls") && !strings.Contains(r.URL.Path, "/commits/"):
		fmt.Fprintf(w, `[{"number":7,"state":"closed","merged_at":"2024-01-02T00:00:00Z","updated_at":"2024-01-02T00:00:00Z","merge_commit_sha":"%s"}]`, sha('b'))
	case r.Method == "POST":
		fmt.Fprint(w, `{"id":5}`)
	default:
		fmt.Fprint(w, `[]`)
	}
}

func sha(c byte) string { return strings.Repeat(string(c), 40) }

func (h *hub) did(prefix string) bool {
	return slices.ContainsFunc(h.asked, func(s string) bool { return strings.HasPrefix(s, prefix) })
}

// announcing returns an announcer that talks to a hub.
func announcing(t *testing.T, h *hub, change func(*config.Config)) (*announcer, *world) {
	t.Helper()
	w := newWorld()
	w.step(t)
	w.env["GITHUB_API_URL"] = h.URL
	runner := gha.New(w.Getenv, w.Stdout)
	step, err := runner.Run()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{App: release.App{Org: "apxr", Name: "apxr_io"}, GitHub: config.GitHub{Token: "t", Environment: "production", Comment: true}}
	if change != nil {
		change(&cfg)
	}
	a := &announcer{cfg: cfg, step: step, log: progress.New(runner)}
	a.connect()
	if a.api != nil {
		a.api, err = ghapi.New(ghapi.Config{URL: step.API, Repository: step.Name, Token: "t", Wait: time.Millisecond, Settle: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
	}
	return a, w
}

func went(verb release.Verb, became rollout.Became) rollout.Result {
	return rollout.Result{
		Verb: verb, Became: became, Target: "20240102T000000", Version: "0.2.0", Revision: sha('b'), Hosts: make([]host.Result, 1),
		Previous: rollout.Version{ID: "20240101T000000", Version: "0.1.0", Revision: sha('a')},
		Running: rollout.Running{
			Version: rollout.Version{ID: "20240102T000000", Version: "0.2.0", Revision: sha('b')}, Hosts: 1, Since: time.Now(),
			Before: rollout.Version{ID: "20240101T000000", Version: "0.1.0", Revision: sha('a')},
		},
	}
}

// back returns the result of a deploy that failed and was undone.
func back() rollout.Result {
	r := went(release.Deploy, rollout.BecameFailed)
	r.Running.Version = r.Previous
	return r
}

// told ends a rollout and lets the announcer report it.
func told(ctx context.Context, a *announcer, r rollout.Result, err error) report.Pulls {
	a.hear(report.Rollout{Result: r, Ended: report.Ended{Err: err}})
	return a.end(ctx)
}

func TestADeployTellsItsPullRequests(t *testing.T) {
	h := newHub(t)
	a, w := announcing(t, h, nil)
	pulls := told(t.Context(), a, went(release.Deploy, rollout.BecameLive), nil)
	if !slices.Equal(pulls.Live, []int{7}) || len(h.comments) != 1 {
		t.Fatalf("%+v\n%s", pulls, w.out.String())
	}
	if body := h.comments[0]["body"].(string); !strings.Contains(body, "`production` | ✅\u00a0live | `0.2.0`") {
		t.Error(body)
	}
	if !strings.Contains(w.out.String(), "live #7") || strings.Contains(w.out.String(), "::warning") || h.did("POST deployments") {
		t.Errorf("%s\n%q", w.out.String(), h.asked)
	}
}

// A rollback tells the pull request in which release its changes ran, and what runs
// instead.
func TestARollbackTellsWhatIsGoneAndWhatRunsInstead(t *testing.T) {
	h := newHub(t)
	a, w := announcing(t, h, nil)
	r := went(release.Rollback, rollout.BecameLive)
	r.Running.Version, r.Running.Before = r.Running.Before, r.Running.Version
	r.Previous = r.Running.Before
	pulls := told(t.Context(), a, r, nil)
	if !slices.Equal(pulls.Gone, []int{7}) || len(h.comments) != 1 {
		t.Fatalf("%+v\n%s\n%q", pulls, w.out.String(), h.asked)
	}
	body := h.comments[0]["body"].(string)
	for _, want := range []string{"no\u00a0longer\u00a0live: `0.1.0`", "`0.2.0` `20240102T000000`"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
}

// Two runs on runners whose clocks are fast, one more than the other. By GitHub's
// clock the second run is the later one.
func TestAFastClockDoesNotWinInAComment(t *testing.T) {
	h := newHub(t)
	run := func(fast time.Duration, r rollout.Result) report.Pulls {
		h.ahead = -fast
		a, _ := announcing(t, h, nil)
		return told(t.Context(), a, r, nil)
	}
	first, second := went(release.Deploy, rollout.BecameLive), went(release.Deploy, rollout.BecameLive)
	second.Running.Version.Version, second.Running.Since = "0.3.0", time.Now().Add(-time.Minute)
	run(50*time.Minute, first)
	run(40*time.Minute, second)
	if body := h.comments[0]["body"].(string); !strings.Contains(body, "| `0.3.0` `") || strings.Contains(body, "| `0.2.0` `") {
		t.Errorf("the faster clock won:\n%s", body)
	}
	// A run that changes nothing has the time from the hosts' histories.
	again := went(release.Deploy, rollout.BecameUnchanged)
	again.Previous, again.Running.Since = again.Running.Version, time.Now().Add(time.Hour)
	run(30*time.Minute, again)
	third := went(release.Deploy, rollout.BecameLive)
	third.Running.Version.Version = "0.4.0"
	run(29*time.Minute, third)
	if body := h.comments[0]["body"].(string); !strings.Contains(body, "| `0.4.0` `") {
		t.Errorf("a time from the future won:\n%s", body)
	}
}

func TestNobodyIsToldOfWhatIsNotSo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Config)
		result rollout.Result
		err    error
	}{
		"a dry run":                 {func(c *config.Config) { c.DryRun = true }, went(release.Deploy, rollout.BecamePlan), nil},
		"comments are turned off":   {func(c *config.Config) { c.GitHub.Comment = false }, went(release.Deploy, rollout.BecameLive), nil},
		"a deploy was taken back":   {nil, back(), errors.New("broke")},
		"no token":                  {func(c *config.Config) { c.GitHub.Token = "" }, went(release.Deploy, rollout.BecameLive), nil},
		"an older one changes none": {nil, func() rollout.Result { r := back(); r.Became = rollout.BecameSuperseded; return r }(), nil},
	} {
		h := newHub(t)
		a, w := announcing(t, h, c.change)
		a.begin(t.Context(), release.Manifest{ReleaseID: "20240102T000000", Revision: sha('b')})
		if pulls := told(t.Context(), a, c.result, c.err); len(pulls.Live)+len(pulls.Gone)+len(h.asked) > 0 {
			t.Errorf("%s: %+v, %q", name, pulls, h.asked)
		}
		if said := strings.Contains(w.out.String(), "::notice::no pull request is commented on: there is no github-token"); said != (name == "no token") {
			t.Errorf("%s: %s", name, w.out.String())
		}
	}
}

func TestOnlyAVerbThatChangesWhatRunsTellsOthers(t *testing.T) {
	for verb, want := range map[config.Verb]bool{config.Stage: false, config.BuildRelease: false, config.Deploy: true, config.Activate: true, config.Revert: true, config.Rollback: true} {
		cfg, _ := config.Load(verb, func(name string) string { return map[string]string{"github-token": "t"}[name] }) // with mistakes in other settings
		a := &announcer{cfg: cfg}
		if a.tells() {
			t.Errorf("%s: it tells of a run that never began", verb)
		}
		if a.hear(report.Rollout{}); a.tells() != want {
			t.Errorf("%s: %v", verb, !want)
		}
	}
}

func TestThePullRequestWhoseOwnBranchFailsHearsOfIt(t *testing.T) {
	h := newHub(t)
	a, _ := announcing(t, h, nil)
	r := back()
	r.Ref = "refs/pull/31/merge"
	if pulls := told(t.Context(), a, r, errors.New("web1: broke")); !slices.Equal(pulls.Live, []int{31}) || !h.did("POST issues/31/comments") {
		t.Fatalf("%+v %q", pulls, h.asked)
	}
	if body := h.comments[0]["body"].(string); !strings.Contains(body, "| ❌\u00a0failed |") {
		t.Error(body)
	}
}

func TestAMissingPermissionIsAWarningThatNamesIt(t *testing.T) {
	for _, deployments := range []bool{false, true} {
		h := newHub(t)
		h.refuse = http.StatusForbidden
		a, w := announcing(t, h, func(c *config.Config) { c.GitHub.Comment, c.GitHub.Deployments = !deployments, deployments })
		a.begin(t.Context(), release.Manifest{ReleaseID: "20240102T000000", Revision: sha('b')})
		told(t.Context(), a, went(release.Deploy, rollout.BecameLive), nil)
		want := "Add 'contents: read, pull-requests: write' to the job's permissions"
		if deployments {
			want = "Add 'deployments: write' to the job's permissions"
		}
		log := w.out.String()
		if strings.Count(log, "::warning::") != 1 || !strings.Contains(log, want) || strings.Contains(log, "::error") || len(h.asked) != 1 {
			t.Errorf("%q: %s", h.asked, log)
		}
	}
}

func TestDeploymentsAreRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		result rollout.Result
		err    error
		want   []string // the states, in order
	}{
		"a deploy":               {went(release.Deploy, rollout.BecameLive), nil, []string{"in_progress", "success"}},
		"one that fails":         {back(), errors.New("web1: broke"), []string{"in_progress", "failure"}},
		"one that is older":      {went(release.Deploy, rollout.BecameSuperseded), nil, []string{"in_progress", "inactive"}},
		"a rollback":             {went(release.Rollback, rollout.BecameLive), nil, []string{"in_progress", "success"}},
		"what was staged":        {went(release.Activate, rollout.BecameLive), nil, []string{"in_progress", "success"}},
		"a rollback to nowhere":  {rollout.Result{Verb: release.Rollback, Became: rollout.BecameFailed}, errors.New("nothing to go back to"), nil},
		"a rollback in part red": {went(release.Rollback, rollout.BecameFailed), errors.New("web2: broke"), []string{"in_progress", "failure"}},
	} {
		h := newHub(t)
		a, w := announcing(t, h, func(c *config.Config) {
			c.GitHub.Comment, c.GitHub.Deployments, c.GitHub.EnvironmentURL = false, true, "https://app.example.com"
		})
		if c.result.Verb == release.Deploy {
			a.begin(t.Context(), release.Manifest{ReleaseID: "20240102T000000", Version: "0.2.0", Revision: sha('b')})
		}
		told(t.Context(), a, c.result, c.err)
		var states []string
		for i, line := range h.asked {
			if state, found := strings.CutPrefix(line, "POST deployments/5/statuses "); found {
				states = append(states, state)
				if !strings.Contains(h.bodies[i], `"environment_url":"https://app.example.com"`) || !strings.Contains(h.bodies[i], `"log_url":"https://github.com/apxr/apxr_io/actions/runs/1"`) {
					t.Errorf("%s: %s", name, h.bodies[i])
				}
			}
		}
		if !slices.Equal(states, c.want) || strings.Contains(w.out.String(), "::warning") {
			t.Errorf("%s: %q\n%s", name, states, w.out.String())
		}
		if h.did("GET deployments") != (c.err == nil && c.result.Became == rollout.BecameLive) {
			t.Errorf("%s: %q", name, h.asked)
		}
	}
}

// GitHub ends a cancelled run within seconds, and the servers need that time.
func TestACancelledRunIsNotHeldUp(t *testing.T) {
	h := newHub(t)
	a, _ := announcing(t, h, func(c *config.Config) { c.GitHub.Deployments = true })
	a.begin(t.Context(), release.Manifest{ReleaseID: "20240102T000000", Revision: sha('b')})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.mu.Lock() // GitHub does not answer
	began := time.Now()
	go func() { time.Sleep(2 * time.Second); h.mu.Unlock() }()
	told(ctx, a, back(), errors.New("cancelled"))
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("it took %s", took)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.did("GET compare") || h.did("POST issues") {
		t.Errorf("%q", h.asked)
	}
}
