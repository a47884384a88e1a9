package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// mixed is the release id2 with revision 2. Revisions with a greater digit are
// newer.
type mixed struct{ artifact }

func (mixed) Relations(_ context.Context, others []string) (map[string]release.Relation, error) {
	known := map[string]release.Relation{}
	for _, other := range others {
		known[other] = release.Descendant
		if other > revision("2") {
			known[other] = release.Ancestor
		}
	}
	return known, nil
}

// judged returns what is decided for a fleet whose hosts have these histories,
// in order, with the log.
func judged(t *testing.T, plan Plan, a artifact, histories ...release.History) (r *run, superseded bool, log string) {
	t.Helper()
	var said strings.Builder
	var all []Candidate
	for n, history := range histories {
		h := &stubbed{name: fmt.Sprintf("web%d", n+1)}
		h.seen.History = history
		now, _ := history.Current()
		h.seen.Current = now
		all = append(all, func(*host.Run) Host { return h })
	}
	r = newRun(release.Deploy, plan, all, progress.New(progress.Terminal{W: &said}))
	r.aim(Version{ID: id2})
	a.m = release.Manifest{ReleaseID: id2, Revision: revision("2"), Ref: "refs/heads/main"}
	superseded = r.judge(t.Context(), mixed{a})
	return r, superseded, said.String()
}

func TestAClaimToBeNewerNeedsAnotherHost(t *testing.T) {
	t.Parallel()
	const id3, id4 = release.ID("20240103T000000"), release.ID("20240104T000000")
	type histories = []release.History
	one, three, four := deployed(id1, "1"), deployed(id3, "3"), deployed(id4, "4")
	forged := deployed(id3, "4")
	back := release.Change{Key: "back", Verb: release.Revert, From: id3, To: id1, Outcome: release.Live}
	older, newer := release.History{one}, release.History{one, three}
	for name, c := range map[string]struct {
		hosts      histories
		superseded bool
		red        map[string]string // what is said of each host that is refused
		log        string
	}{
		"one host":                              {hosts: histories{newer}, superseded: true},
		"all hosts":                             {hosts: histories{newer, newer, newer}, superseded: true},
		"two of many":                           {hosts: histories{newer, older, older, newer, older, older}, superseded: true},
		"another host went back":                {hosts: histories{newer, {one, three, back}, older, older}, superseded: true},
		"one of many":                           {hosts: histories{older, older, newer}, log: "web3: release " + string(id2) + " (revision 222222222222) is older than what runs, release " + string(id3) + " (revision 333333333333); no other host ever ran that, so it does not count: it is deployed"},
		"one of many, of another revision":      {hosts: histories{older, {one, forged}, {one, three, back}}, log: "so it does not count"},
		"each another one, against more":        {hosts: histories{newer, {one, four}, older, older, older}, log: "so it does not count"},
		"each another one":                      {hosts: histories{newer, {one, four}}, superseded: true},
		"two of three, each another one":        {hosts: histories{newer, {one, four}, older}, superseded: true},
		"one host, and new ones":                {hosts: histories{newer, nil, nil, nil}, superseded: true},
		"one word against another":              {hosts: histories{older, newer}, red: map[string]string{"web1": "web2 claims to run a newer release", "web2": "is older than what runs, release " + string(id3) + " (revision 333333333333); web1 never ran that"}},
		"one word against another, and new one": {hosts: histories{newer, nil, older}, red: map[string]string{"web1": "web3 never ran that", "web3": "web1 claims to run a newer release"}},
		"two words against two":                 {hosts: histories{older, newer, {one, four}, older}, red: map[string]string{"web1": "web2, web3 claims", "web2": "web1, web4 never", "web3": "web1, web4 never", "web4": "web2, web3 claims"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, superseded, log := judged(t, Plan{}, artifact{}, c.hosts...)
			if superseded != c.superseded || superseded != (r.outcome.Notice != "") || !strings.Contains(log, c.log) || c.log == "" && log != "" {
				t.Errorf("superseded: %v, %q, log: %s", superseded, r.outcome.Notice, log)
			}
			refused(t, r.hosts, c.red)
			if r, superseded, _ = judged(t, Plan{Force: true}, artifact{}, c.hosts...); superseded || r.hosts.failures() > 0 {
				t.Errorf("by force: %v, %v", superseded, r.hosts.problems())
			}
		})
	}
}

// refused checks which hosts are red, with these words and the remedy.
func refused(t *testing.T, hosts fleet, words map[string]string) {
	t.Helper()
	for _, m := range hosts {
		want := words[m.Name()]
		if got := m.Result().Problem; (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", m.Name(), got, want)
		} else if got != "" && !strings.Contains(got, "use force") {
			t.Errorf("%s: no remedy in %q", m.Name(), got)
		}
	}
}

// After a forced push back to a good commit, that commit is older than what runs,
// and is what was pushed last.
func TestTheTipOfItsBranchIsNeverSuperseded(t *testing.T) {
	t.Parallel()
	const id3 = release.ID("20240103T000000")
	one, three := deployed(id1, "1"), deployed(id3, "3")
	older, newer := release.History{one}, release.History{one, three}
	bad := release.History{one, deployed(id2, "2"), {Key: "back", Verb: release.Rollback, From: id2, To: id1, Revision: revision("1"), Outcome: release.Live}, three}
	asked := 0
	for name, c := range map[string]struct {
		tip        artifact
		hosts      []release.History
		superseded bool
		notice     string
		problem    string
		log        string
		asked      int
	}{
		"the tip":              {tip: artifact{tip: true}, hosts: []release.History{newer, newer}, asked: 1, log: "web1, web2: release " + string(id2) + " (revision 222222222222) is older than what runs, release " + string(id3) + " (revision 333333333333); it is the tip of refs/heads/main now: it is deployed"},
		"the tip, in a tie":    {tip: artifact{tip: true}, hosts: []release.History{newer, older}, asked: 1, log: "web1: "},
		"not the tip":          {hosts: []release.History{newer}, superseded: true, asked: 1, notice: "is older than what runs, release " + string(id3) + " (revision 333333333333); use force to deploy it all the same"},
		"nobody answers":       {tip: artifact{tipErr: errors.New("no route")}, hosts: []release.History{newer}, superseded: true, asked: 1, notice: "use force to deploy it all the same. Nobody could say whether it is the tip of refs/heads/main now: no route"},
		"nobody needs to know": {tip: artifact{tipErr: errors.New("no route")}, hosts: []release.History{older, older}},
		"bad, and the tip":     {tip: artifact{tip: true}, hosts: []release.History{bad}, problem: "was rolled back; use force"},
		"outvoted":             {hosts: []release.History{newer, older, older}, log: "so it does not count"},
	} {
		c.tip.asked, asked = &asked, 0
		r, superseded, log := judged(t, Plan{}, c.tip, c.hosts...)
		if superseded != c.superseded || !strings.HasSuffix(r.outcome.Notice, c.notice) || !strings.Contains(log, c.log) || asked != c.asked {
			t.Errorf("%s: superseded: %v, %q, asked %d times, log: %s", name, superseded, r.outcome.Notice, asked, log)
		}
		if problem := r.hosts[0].Result().Problem; (problem == "") != (c.problem == "") || !strings.Contains(problem, c.problem) {
			t.Errorf("%s: %q", name, problem)
		}
		judged(t, Plan{Force: true}, c.tip, c.hosts...)
		if asked != c.asked {
			t.Errorf("%s: by force the repository is asked, too", name)
		}
	}
}
