package report

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

var at0 = time.Date(2024, 1, 2, 0, 5, 9, 0, time.UTC)

func row(environment string, after time.Duration, state State) Row {
	return Row{
		App: "apxr/apxr_io", Environment: environment, State: state, Hosts: 8, Of: 8, ReleaseID: string(r2), Version: "0.2.0", Revision: revision,
		At: at0.Add(after), Who: "ann", Run: fmt.Sprintf("%s/actions/runs/%d", place.Repository, 4000+int(after.Minutes())),
	}
}

func TestComments(t *testing.T) {
	production := CommentBody(nil, row("production", time.Hour, StateLive), place, at0.Add(4*time.Hour))
	golden(t, "comment-first.md", production)
	preview := row("preview", 0, StateLive)
	preview.URL = "https://preview.example.com/?from=pull-request"
	golden(t, "comment-url.md", CommentBody(nil, preview, place, at0.Add(4*time.Hour)))
	staging := CommentBody(nil, row("staging", 0, StateLive), place, at0.Add(4*time.Hour))
	golden(t, "comment-two.md", CommentBody([]string{production}, row("staging", 0, StateLive), place, at0.Add(4*time.Hour)))
	gone := row("production", 2*time.Hour, StateGone)
	gone.ReleaseID, gone.Version, gone.Revision = "20240102T010000", "0.2.1", revision1 // what was taken away
	gone.Instead, gone.InsteadVersion = string(r1), "0.1.0"
	golden(t, "comment-gone.md", CommentBody([]string{production, staging}, gone, place, at0.Add(4*time.Hour)))
	part := row("production", 3*time.Hour, StateLive)
	part.Hosts = 7
	golden(t, "comment-partial.md", CommentBody([]string{production}, part, place, at0.Add(4*time.Hour)))
	gone.Hosts = 7
	golden(t, "comment-gone-partial.md", CommentBody(nil, gone, place, at0.Add(4*time.Hour)))
	golden(t, "comment-failed.md", CommentBody(nil, row("preview", 0, StateFailed), Place{Repository: place.Repository}, at0.Add(4*time.Hour)))
	other := row("production", 0, StateLive)
	other.App = "apxr/api"
	golden(t, "comment-apps.md", CommentBody([]string{production}, other, place, at0.Add(4*time.Hour)))
}

// A pull request went live in 0.2.0, and 0.2.1 came after it. A rollback to 0.1.0
// takes it away: its own version is not what ran last.
func TestACommentKeepsTheVersionOfItsPullRequest(t *testing.T) {
	now := at0.Add(4 * time.Hour)
	live := CommentBody(nil, row("production", time.Hour, StateLive), place, now)
	r := Rollout{Result: rollout.Result{Running: rollout.Running{Before: rollout.Version{ID: "20240102T010000", Version: "0.2.1", Revision: revision1}}}}
	back := row("production", 2*time.Hour, StateLive)
	back.ReleaseID, back.Version = string(r1), "0.1.0"
	gone := r.Gone(back)
	for name, c := range map[string]struct {
		bodies []string
		want   string
	}{
		"it knows":       {[]string{live}, "`0.2.0` `20240102T000000`"},
		"it was gone":    {[]string{CommentBody([]string{live}, gone, place, now)}, "`0.2.0` `20240102T000000`"},
		"it is new":      {nil, "`0.2.1` `20240102T010000`"},
		"another server": {[]string{CommentBody(nil, row("staging", time.Hour, StateLive), place, now)}, "`0.2.1` `20240102T010000`"},
	} {
		want := "| `production` | ↩️\u00a0no\u00a0longer\u00a0live: `0.1.0` runs instead | " + c.want + " |"
		if body := CommentBody(c.bodies, gone, place, now); !strings.Contains(body, want) {
			t.Errorf("%s: no %q in\n%s", name, want, body)
		}
	}
}

// Comments of earlier versions of Slipway have, of changes that are gone, only what
// runs instead.
func TestARowWithoutWhatRunsInsteadIsNotTheOwnVersion(t *testing.T) {
	now := at0.Add(4 * time.Hour)
	old := row("production", time.Hour, StateGone)
	old.ReleaseID, old.Version = string(r1), "0.1.0"
	gone := row("production", 2*time.Hour, StateGone)
	gone.Instead, gone.InsteadVersion = string(r1), "0.2.0"
	if body := CommentBody([]string{CommentBody(nil, old, place, now)}, gone, place, now); !strings.Contains(body, ": `0.2.0` `"+string(r1)+"` runs instead | `0.2.0` `"+string(r2)+"` |") {
		t.Error(body)
	}
}

// The order of the writers and what each of them has read do not matter: the
// comment gets all rows, and the latest one of each environment.
func TestCommentsAreMergedInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var bodies []string
		latest := map[string]Row{}
		for range 1 + random.IntN(6) {
			r := row([]string{"production", "staging", "qa"}[random.IntN(3)], time.Duration(random.IntN(5))*time.Minute, []State{StateLive, StateGone}[random.IntN(2)])
			bodies = append(bodies, CommentBody(nil, r, place, at0.Add(4*time.Hour)))
			if old, there := latest[r.Environment]; !there || later(r, old) {
				latest[r.Environment] = r
			}
		}
		any := latest[slices.Collect(mapsKeys(latest))[0]]
		one := CommentBody(bodies, any, place, at0.Add(4*time.Hour))
		random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
		two := CommentBody(append(bodies, one, one), any, place, at0.Add(4*time.Hour))
		if one != two {
			t.Fatalf("it depends on the order:\n%s\n%s", one, two)
		}
		rows := parseRows(one, at0.Add(time.Hour), place)
		if len(rows) != len(latest) {
			t.Fatalf("%d rows of %d environments", len(rows), len(latest))
		}
		for _, r := range rows {
			if r != latest[r.Environment] {
				t.Fatalf("%+v\nwant %+v", r, latest[r.Environment])
			}
		}
	}
}

func mapsKeys(m map[string]Row) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestAnOlderRowChangesNothing(t *testing.T) {
	body := CommentBody(nil, row("production", time.Hour, StateGone), place, at0.Add(4*time.Hour))
	if got := CommentBody([]string{body}, row("production", 0, StateLive), place, at0.Add(4*time.Hour)); got != body {
		t.Errorf("the older row won:\n%s", got)
	}
}

// A runner whose clock was fast may have written the time into a host's history. It
// must not win over what comes later.
func TestARowIsNeverLaterThanItsComment(t *testing.T) {
	now := at0.Add(time.Hour)
	fast := CommentBody(nil, row("production", 50*time.Hour, StateGone), place, now)
	if rows := parseRows(fast, now, place); len(rows) != 1 || !rows[0].At.Equal(now) {
		t.Fatalf("%+v", rows)
	}
	next := CommentBody([]string{fast}, row("production", time.Hour+time.Second, StateLive), place, now.Add(time.Minute))
	if rows := parseRows(next, now.Add(time.Minute), place); len(rows) != 1 || rows[0].State != StateLive {
		t.Errorf("the fast clock won: %+v", rows)
	}
}

func TestOnlyWhatSlipwayCouldHaveWrittenIsTaken(t *testing.T) {
	good := row("production", 0, StateLive)
	now := at0.Add(time.Minute)
	for name, change := range map[string]func(*Row){
		"a state that there is not": func(r *Row) { r.State = "best" },
		"no release ID":             func(r *Row) { r.ReleaseID = "latest" },
		"no application":            func(r *Row) { r.App = "x" },
		"no environment":            func(r *Row) { r.Environment = "" },
		"from the future":           func(r *Row) { r.At = now.Add(11 * time.Second) },
		"from nowhere":              func(r *Row) { r.At = time.Time{} },
	} {
		bad := good
		change(&bad)
		if rows := parseRows(Marker+hidden([]Row{bad, good})+" -->\n", now, place); len(rows) != 1 || rows[0] != good {
			t.Errorf("%s: %+v", name, rows)
		}
	}
	for name, body := range map[string]string{
		"other text": "Where this runs", "no JSON": Marker + "x -->", "cut off": (Marker + hidden([]Row{good}))[:60], "quoted": "> " + Marker + hidden([]Row{good}) + " -->", "empty": "",
	} {
		if rows := parseRows(body, now, place); len(rows) != 0 {
			t.Errorf("%s: %+v", name, rows)
		}
	}
	for _, u := range []string{
		"javascript:alert(1)", "https://a.example.com/) [x](https://b", "https://a.example.com/ x", "https://u:p@a.example.com", "//a.example.com", "https://", "x",
		"https://a.example.com/<b>", "https://a.example.com/|", "https://a.example.com/`", "https://a.example.com/\n", "https://a.example.com/" + strings.Repeat("x", 200),
	} {
		evil := good
		evil.URL = u
		if rows := parseRows(Marker+hidden([]Row{evil})+" -->", now, place); len(rows) != 1 || rows[0].URL != "" {
			t.Errorf("%q: %+v", u, rows)
		}
	}
	evil := good
	evil.Run, evil.Revision, evil.Version = "https://evil.example.com/actions/runs/1", "main", strings.Repeat("x", 5000)
	rows := parseRows(Marker+hidden([]Row{evil})+" -->", now, place)
	if len(rows) != 1 || rows[0].Run != "" || rows[0].Revision != "" || len(rows[0].Version) > 4*maxWord {
		t.Errorf("%+v", rows)
	}
}

func TestACommentFitsInGitHub(t *testing.T) {
	body := ""
	for i := range 200 {
		r := row(fmt.Sprintf("%03d%s", i, strings.Repeat("☃", 300)), time.Duration(i)*time.Second, StateLive)
		r.Version, r.Who = strings.Repeat("ü", 600), strings.Repeat("@", 600)
		body = CommentBody([]string{body}, r, place, at0.Add(4*time.Hour))
	}
	if n := len([]rune(body)); n > 65536 || !strings.Contains(body, "`199") || strings.Count(body, "| ✅\u00a0live |") != maxCommentRows {
		t.Errorf("%d characters, %d rows", n, strings.Count(body, "| ✅\u00a0live |"))
	}
}

func TestWhatPullRequestsHearOf(t *testing.T) {
	running := func(id, before release.ID, hosts int) func(*rollout.Result) {
		return func(r *rollout.Result) {
			r.Previous.ID = before
			r.Running = rollout.Running{Version: rollout.Version{ID: id, Version: "0.2.0", Revision: revision}, Hosts: hosts, Since: at0, Who: "ann", Run: place.Run}
		}
	}
	failed := errors.New("web1: it failed")
	for name, c := range map[string]struct {
		verb   release.Verb
		became rollout.Became
		change func(*rollout.Result)
		err    error
		hears  bool
	}{
		"a deploy":                         {release.Deploy, rollout.BecameLive, running(r2, r1, 2), nil, true},
		"a first deploy":                   {release.Deploy, rollout.BecameLive, running(r2, "", 2), nil, true},
		"a rollback":                       {release.Rollback, rollout.BecameLive, running(r1, r2, 2), nil, true},
		"a rollback that failed on a host": {release.Rollback, rollout.BecameFailed, running(r1, r2, 1), failed, true},
		"the same again":                   {release.Deploy, rollout.BecameUnchanged, running(r2, r2, 2), nil, true},
		"a deploy that was taken back":     {release.Deploy, rollout.BecameFailed, running(r1, r1, 2), failed, false},
		"an older one":                     {release.Deploy, rollout.BecameSuperseded, running(r2, r2, 2), nil, false},
		"a first deploy that failed":       {release.Deploy, rollout.BecameFailed, running("", "", 2), failed, false},
		"what is only staged":              {release.Stage, rollout.BecameStaged, running(r1, r1, 2), nil, false},
	} {
		r := rollout.Result{Verb: c.verb, Became: c.became, Hosts: make([]host.Result, 2)}
		c.change(&r)
		got, hears := went(r, c.err).Seen(place)
		if hears != c.hears {
			t.Errorf("%s: %t", name, hears)
		}
		if hears && (got.ReleaseID != string(r.Running.ID) || got.Hosts != r.Running.Hosts || got.Of != 2 || got.State != StateLive || got.Who != "ann" || got.Environment != "production") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
