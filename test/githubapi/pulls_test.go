package githubapi_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/apxr/slipway/test/githubapi"
)

func numbers(t *testing.T, s *Server, path string) string {
	t.Helper()
	return fmt.Sprint(ask(t, s, "GET", path, "").field(t, "number"))
}

func day(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }

func TestListPulls(t *testing.T) {
	s := New(t, Options{})
	chain(s, "", "a", "b")
	s.Branch("main", SHA("a"))
	s.Branch("release", SHA("a"))
	s.Pull(Pull{Number: 1, State: "merged", HeadSHA: SHA("a"), MergeCommitSHA: SHA("a"), CreatedAt: day(1), UpdatedAt: day(9)})
	s.Pull(Pull{Number: 2, State: "closed", HeadSHA: SHA("a"), CreatedAt: day(2), UpdatedAt: day(3)})
	s.Pull(Pull{Number: 3, HeadSHA: SHA("b"), Head: "feature", CreatedAt: day(3), UpdatedAt: day(4)})
	s.Pull(Pull{Number: 4, HeadSHA: SHA("b"), Base: "release", CreatedAt: day(4)})
	for path, want := range map[string]string{
		"pulls":                               "[4 3]",
		"pulls?state=closed":                  "[2 1]",
		"pulls?state=all":                     "[4 3 2 1]",
		"pulls?state=all&direction=asc":       "[1 2 3 4]",
		"pulls?state=all&sort=updated":        "[2 3 4 1]",
		"pulls?state=all&sort=updated&page=2": "[]",
		"pulls?state=all&sort=updated&direction=desc&per_page=2": "[1 4]",
		"pulls?base=release":                "[4]",
		"pulls?head=apxr:feature":           "[3]",
		"pulls?head=feature":                "[]",
		"pulls?state=all&per_page=3&page=2": "[1]",
	} {
		if got := numbers(t, s, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	s.Comment(2, Author{"somebody", "User"}, "news")
	if got := numbers(t, s, "pulls?state=all&sort=updated&direction=desc"); got != "[2 1 4 3]" {
		t.Errorf("after a comment: %s", got)
	}
}

func TestPages(t *testing.T) {
	s := New(t, Options{})
	chain(s, "", "a")
	s.Branch("main", SHA("a"))
	for n := range 105 {
		s.Pull(Pull{Number: n + 1, HeadSHA: SHA("a")})
	}
	at := func(page string) string {
		return s.URL + "/repos/apxr/apxr_io/pulls?direction=asc&page=" + page + "&per_page=40"
	}
	for page, want := range map[string]map[string]string{
		"1": {"next": at("2"), "last": at("3")},
		"2": {"prev": at("1"), "next": at("3"), "last": at("3"), "first": at("1")},
		"3": {"prev": at("2"), "first": at("1")},
	} {
		answer := ask(t, s, "GET", "pulls?direction=asc&per_page=40&page="+page, "")
		if got := links(answer); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("page %s: got %v, want %v", page, got, want)
		}
	}
	for query, want := range map[string]int{"": 30, "?per_page=7": 7, "?per_page=1000": 100, "?per_page=40&page=3": 25} {
		if got := len(ask(t, s, "GET", "pulls"+query, "").field(t, "number")); got != want {
			t.Errorf("%q: got %d, want %d", query, got, want)
		}
	}
}

// The repository; m is the merge of 1, s what was left of 2 by a squash, q and r of 3 by a rebase. 8 brought m, and all
// before it, to the branch for releases, as z.
//
//	a - b - m - s - q - r   main
//	 \     /   /
//	  c - d   (e)  f - g
func TestPullsOfCommit(t *testing.T) {
	s := New(t, Options{})
	chain(s, "", "a", "b")
	chain(s, "a", "c", "d")
	s.Commit(SHA("m"), SHA("b"), SHA("d"))
	chain(s, "m", "e")
	chain(s, "m", "s", "q", "r")
	chain(s, "a", "f", "g")
	s.Commit(SHA("z"), SHA("a"), SHA("m"))
	s.Branch("main", SHA("r"))
	s.Branch("release", SHA("a"))
	s.Branch("side", SHA("g"))
	s.Pull(Pull{Number: 1, State: "merged", HeadSHA: SHA("d"), MergeCommitSHA: SHA("m")})
	s.Pull(Pull{Number: 2, State: "merged", HeadSHA: SHA("e"), MergeCommitSHA: SHA("s")})
	s.Pull(Pull{Number: 3, State: "merged", HeadSHA: SHA("g"), MergeCommitSHA: SHA("r"), Commits: []string{SHA("q")}})
	s.Pull(Pull{Number: 4, HeadSHA: SHA("g")})
	s.Pull(Pull{Number: 5, State: "closed", HeadSHA: SHA("g")})
	s.Pull(Pull{Number: 6, State: "merged", HeadSHA: SHA("g"), MergeCommitSHA: SHA("g"), Base: "side"})
	s.Pull(Pull{Number: 7, HeadSHA: SHA("d"), Base: "release"})
	s.Pull(Pull{Number: 8, State: "merged", HeadSHA: SHA("m"), MergeCommitSHA: SHA("z"), Base: "release"})
	for commit, want := range map[string]string{
		"a": "[]", "b": "[]", "m": "[1]", "c": "[1 7]", "d": "[1 7]", "s": "[2]", "q": "[3]", "r": "[3]",
		"e": "[2]", "f": "[3 4]", "g": "[3 4 6]", "z": "[8]",
	} {
		if got := numbers(t, s, "commits/"+SHA(commit)+"/pulls"); got != want {
			t.Errorf("%s: got %s, want %s", commit, got, want)
		}
	}
	if answer := ask(t, s, "GET", "commits/"+SHA("none")+"/pulls", ""); answer.status != 422 {
		t.Errorf("of no commit: %d", answer.status)
	}
}
