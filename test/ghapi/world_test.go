package ghapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/test/githubapi"
)

var sha = githubapi.SHA

// start is a GitHub with the commits 0, 1, 2 ... on main.
func start(t *testing.T, commits int, o githubapi.Options) *githubapi.Server {
	t.Helper()
	s := githubapi.New(t, o)
	for i := range commits {
		if i == 0 {
			s.Commit(sha("0"))
		} else {
			s.Commit(sha(fmt.Sprint(i)), sha(fmt.Sprint(i-1)))
		}
	}
	if commits > 0 {
		s.Branch("main", sha(fmt.Sprint(commits-1)))
	}
	return s
}

// patience bounds what a busy machine may take.
const patience = 5 * time.Minute

// client is impatient where nothing is worth waiting for.
func client(t *testing.T, s *githubapi.Server, change ...func(*ghapi.Config)) *ghapi.Client {
	t.Helper()
	c := ghapi.Config{
		URL: s.URL, Repository: "apxr/apxr_io", Token: "a-token",
		Timeout: patience, Wait: time.Millisecond, Settle: 20 * time.Millisecond, Pace: time.Millisecond,
	}
	for _, f := range change {
		f(&c)
	}
	made, err := ghapi.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func merged(number int, commit string) githubapi.Pull {
	return githubapi.Pull{Number: number, State: "merged", HeadSHA: commit, MergeCommitSHA: commit}
}

func numbers(pulls []ghapi.Pull) (all []int) {
	for _, p := range pulls {
		all = append(all, p.Number)
	}
	slices.Sort(all)
	return all
}

var place = report.Place{App: "apxr/apxr_io", Repository: "https://github.com/apxr/apxr_io", Rollback: "rollback.yml"}

// says is a comment with one row.
func says(pull int, environment string, at time.Time) ghapi.Comment {
	row := report.Row{
		App: "apxr/apxr_io", Environment: environment, State: report.StateLive, Hosts: 1, Of: 1,
		ReleaseID: "20240102T000000", Version: "0.2.0", Revision: sha("x"), At: at, Who: "ann", Run: place.Repository + "/actions/runs/1",
	}
	return ghapi.Comment{Pull: pull, Create: true, Edit: func(bodies []string) string {
		return report.CommentBody(bodies, row, place, time.Now())
	}}
}

// asked counts requests by method and the end of their path.
func asked(s *githubapi.Server, method, end string) (n int) {
	for _, r := range s.Requests() {
		if r.Method == method && strings.Contains(r.Path, end) {
			n++
		}
	}
	return n
}
