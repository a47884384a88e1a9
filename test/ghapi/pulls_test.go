package ghapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/test/githubapi"
)

// history is main with a merge commit, a squash and a rebase, a branch that was
// merged into another one first, and another branch that was not merged:
//
//	0 - 1 (squash #1) - M (merge #2) - r1 - r2 (rebase #3) - N (merge #4, which #5 was merged into)
//	 \- b1 - b2 (open #6), b1 - c (open #7)
func history(t *testing.T, o githubapi.Options) *githubapi.Server {
	s := start(t, 0, o)
	commit := func(name string, parents ...string) {
		for i, p := range parents {
			parents[i] = sha(p)
		}
		s.Commit(sha(name), parents...)
	}
	commit("0")
	commit("1", "0")
	commit("f", "1")
	commit("M", "1", "f")
	commit("r1", "M")
	commit("r2", "r1")
	commit("g", "r2")
	commit("h", "g")
	commit("H", "g", "h")
	commit("N", "r2", "H")
	commit("b1", "0")
	commit("b2", "b1")
	commit("c", "b1")
	s.Branch("main", sha("N"))
	s.Branch("feature", sha("H"))
	s.Pull(merged(1, sha("1")))
	s.Pull(githubapi.Pull{Number: 2, State: "merged", HeadSHA: sha("f"), MergeCommitSHA: sha("M")})
	s.Pull(githubapi.Pull{Number: 3, State: "merged", HeadSHA: sha("r2"), MergeCommitSHA: sha("r2"), Commits: []string{sha("r1")}})
	s.Pull(githubapi.Pull{Number: 4, State: "merged", HeadSHA: sha("H"), MergeCommitSHA: sha("N")})
	s.Pull(githubapi.Pull{Number: 5, State: "merged", Base: "feature", HeadSHA: sha("h"), MergeCommitSHA: sha("H")})
	s.Pull(githubapi.Pull{Number: 6, HeadSHA: sha("b2")})
	s.Pull(githubapi.Pull{Number: 7, HeadSHA: sha("c")})
	s.Pull(githubapi.Pull{Number: 8, State: "closed", HeadSHA: sha("b1"), MergeCommitSHA: sha("r1")}) // GitHub's try of a merge
	return s
}

func TestPullRequestsBetweenTwoCommits(t *testing.T) {
	t.Parallel()
	s := history(t, githubapi.Options{})
	pull := func(n int) string { return fmt.Sprintf("refs/pull/%d/merge", n) }
	for name, c := range map[string]struct {
		before, after, beforeRef, afterRef string
		gained, lost                       []int
		note                               string
	}{
		"a squash":                        {"0", "1", "", "", []int{1}, nil, ""},
		"a merge":                         {"1", "M", "", "", []int{2}, nil, ""},
		"a rebase":                        {"M", "r2", "", "", []int{3}, nil, ""},
		"merged into what is merged":      {"r2", "N", "", "", []int{4, 5}, nil, ""},
		"all of them, not the last alone": {"0", "N", "", "", []int{1, 2, 3, 4, 5}, nil, ""},
		"half of a rebase":                {"M", "r1", "", "", nil, nil, ""},
		"the same":                        {"N", "N", "", "", nil, nil, ""},
		"a rollback":                      {"N", "1", "", "", nil, []int{2, 3, 4, 5}, ""},
		"back again":                      {"1", "N", "", "", []int{2, 3, 4, 5}, nil, ""},
		"a first deploy":                  {"", "M", "", "", []int{2}, nil, ""},
		"a first deploy of a rebase":      {"", "r2", "", "", []int{3}, nil, ""},
		"history that is gone":            {"gone", "M", "", "", []int{2}, nil, "was the history rewritten"},
		"an open one in place of main":    {"M", "b2", "", "", []int{6}, []int{1, 2}, ""},
		"main in place of an open one":    {"b2", "M", "", "", []int{1, 2}, []int{6}, ""},
		"one open one for another":        {"b2", "c", pull(6), pull(7), []int{7}, []int{6}, ""},
		"and by their commits alone":      {"b2", "c", "", "", []int{7}, []int{6}, ""},
		"an open one, pushed to":          {"b1", "b2", pull(6), pull(6), []int{6}, nil, ""},
		"its merge commit, which is gone": {"gone", "M", pull(6), "refs/heads/main", []int{2}, []int{6}, "was the history rewritten"},
		"a first preview":                 {"", "b2", "", pull(6), []int{6}, nil, ""},
		"part of an open branch":          {"0", "b1", "", "", nil, nil, ""},
	} {
		revision := func(name, ref string) ghapi.Revision {
			if name == "" {
				return ghapi.Revision{}
			}
			return ghapi.Revision{SHA: sha(name), Ref: ref}
		}
		d, err := client(t, s).Between(t.Context(), revision(c.before, c.beforeRef), revision(c.after, c.afterRef))
		if err != nil || !slices.Equal(numbers(d.Gained), c.gained) || !slices.Equal(numbers(d.Lost), c.lost) {
			t.Errorf("%s: gained %v, lost %v, %v", name, numbers(d.Gained), numbers(d.Lost), err)
		}
		if notes := strings.Join(d.Notes, " "); (c.note == "") != (notes == "") || !strings.Contains(notes, c.note) {
			t.Errorf("%s: %q", name, notes)
		}
	}
	if d, err := client(t, s).Between(t.Context(), ghapi.Revision{}, ghapi.Revision{}); err != nil || len(d.Gained) > 0 || len(d.Notes) != 1 {
		t.Errorf("nobody knows the commit: %+v, %v", d, err)
	}
}

func TestAnOpenPullRequestThatIsLostIsKnownAsOpen(t *testing.T) {
	t.Parallel()
	d, err := client(t, history(t, githubapi.Options{})).Between(t.Context(), ghapi.Revision{SHA: sha("b2")}, ghapi.Revision{SHA: sha("M")})
	if err != nil || len(d.Lost) != 1 || !d.Lost[0].Open || d.Gained[0].Open {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestGitHubEnterpriseServer(t *testing.T) {
	t.Parallel()
	s := history(t, githubapi.Options{EnterpriseServer: true})
	d, err := client(t, s).Between(t.Context(), ghapi.Revision{SHA: sha("0")}, ghapi.Revision{SHA: sha("N")})
	if err != nil || len(d.Gained) != 5 || !strings.HasSuffix(s.URL, "/api/v3") {
		t.Errorf("%+v, %v", d, err)
	}
}

// Many of everything: more than a page of commits and of pull requests.
func TestEveryPageIsRead(t *testing.T) {
	t.Parallel()
	s := start(t, 260, githubapi.Options{})
	updated := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for i := 1; i < 260; i++ {
		p := merged(i, sha(fmt.Sprint(i)))
		p.UpdatedAt = updated.Add(time.Duration(i*7%260) * time.Second)
		if i%4 != 0 {
			p.State, p.MergeCommitSHA = "closed", ""
		}
		s.Pull(p)
	}
	d, err := client(t, s).Between(t.Context(), ghapi.Revision{SHA: sha("0")}, ghapi.Revision{SHA: sha("259")})
	if err != nil || len(d.Gained) != 64 || len(d.Notes) != 0 {
		t.Errorf("%d, %v, %v", len(d.Gained), d.Notes, err)
	}
	if n := asked(s, "GET", "/pulls"); n != 4 { // three pages, and those of the last commit
		t.Errorf("%d requests for pull requests", n)
	}
}

// A repository has thousands of pull requests; those that were changed last come
// first, and none that was merged since can be behind one that was not touched.
func TestWhatWasNotTouchedSinceIsNotRead(t *testing.T) {
	t.Parallel()
	s := start(t, 3, githubapi.Options{})
	for i := range 250 {
		p := merged(i+10, sha("0"))
		p.UpdatedAt = time.Date(2020, 1, 1, 0, 0, i, 0, time.UTC)
		s.Pull(p)
	}
	s.Pull(merged(1, sha("1")))
	d, err := client(t, s).Between(t.Context(), ghapi.Revision{SHA: sha("0")}, ghapi.Revision{SHA: sha("2")})
	if err != nil || !slices.Equal(numbers(d.Gained), []int{1}) || asked(s, "GET", "/pulls") != 2 {
		t.Errorf("%+v, %v, %d requests", d, err, asked(s, "GET", "/pulls"))
	}
}

func TestMoreThanAHundredPullRequests(t *testing.T) {
	t.Parallel()
	s := start(t, 131, githubapi.Options{})
	for i := 1; i <= 130; i++ {
		p := merged(i, sha(fmt.Sprint(i)))
		p.MergedAt = time.Date(2026, 6, 1, 0, i, 0, 0, time.UTC)
		s.Pull(p)
	}
	d, err := client(t, s).Between(t.Context(), ghapi.Revision{SHA: sha("0")}, ghapi.Revision{SHA: sha("130")})
	if err != nil || len(d.Gained) != 100 || numbers(d.Gained)[0] != 31 {
		t.Errorf("%v, %v", numbers(d.Gained), err)
	}
	if len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "130 pull requests are concerned: the 100 that were merged last") {
		t.Error(d.Notes)
	}
}

func TestMoreThanAThousandCommits(t *testing.T) {
	t.Parallel()
	s := start(t, 1250, githubapi.Options{})
	for _, i := range []int{1, 100, 260, 700, 1249} {
		s.Pull(merged(i, sha(fmt.Sprint(i))))
	}
	d, err := client(t, s).Between(t.Context(), ghapi.Revision{SHA: sha("0")}, ghapi.Revision{SHA: sha("1249")})
	if err != nil || !slices.Equal(numbers(d.Gained), []int{1, 100, 700, 1249}) { // the first hundred come with how many there are
		t.Errorf("%v, %v", numbers(d.Gained), err)
	}
	if len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "There are 1249 commits") {
		t.Error(d.Notes)
	}
}

func TestWithoutThePermissionToReadTheErrorNamesIt(t *testing.T) {
	t.Parallel()
	s := history(t, githubapi.Options{})
	s.Permissions(map[string]string{"pull_requests": "write"})
	_, err := client(t, s).Between(t.Context(), ghapi.Revision{SHA: sha("0")}, ghapi.Revision{SHA: sha("1")})
	if err == nil || !strings.Contains(err.Error(), "Add 'contents: read, pull-requests: write' to the job's permissions") {
		t.Error(err)
	}
}
