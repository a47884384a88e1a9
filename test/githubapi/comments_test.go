package githubapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/apxr/slipway/test/githubapi"
)

// discussed is a repository with pull request 7, at a time that goes on by a minute with each look at it.
func discussed(t *testing.T) *Server {
	now := day(1)
	s := New(t, Options{Now: func() time.Time {
		now = now.Add(time.Minute)
		return now
	}})
	chain(s, "", "a")
	s.Branch("main", SHA("a"))
	s.Pull(Pull{Number: 7, HeadSHA: SHA("a"), CreatedAt: day(1)})
	return s
}

func TestComments(t *testing.T) {
	s := discussed(t)
	first := s.Comment(7, Author{"somebody", "User"}, "first")
	made := ask(t, s, "POST", "issues/7/comments", `{"body":"second"}`).object(t)
	if made["body"] != "second" || made["id"].(float64) <= float64(first) || made["user"].(map[string]any)["login"] != "github-actions[bot]" {
		t.Errorf("made %v", made)
	}
	commented := s.Pulls()[0].UpdatedAt
	second := fmt.Sprintf("issues/comments/%.0f", made["id"])
	if edited := ask(t, s, "PATCH", second, `{"body":"third"}`); edited.status != 200 {
		t.Errorf("%d %s", edited.status, edited.body)
	}
	if edited := s.Pulls()[0].UpdatedAt; !edited.After(commented) || !commented.After(day(1)) {
		t.Errorf("updated %s, %s", commented, edited)
	}
	if got := ask(t, s, "GET", "issues/7/comments", "").field(t, "body"); fmt.Sprint(got) != "[first third]" {
		t.Errorf("listed %v", got)
	}
	since := s.Comments(7)[1].UpdatedAt.Format(time.RFC3339)
	if got := ask(t, s, "GET", "issues/7/comments?since="+since, "").field(t, "body"); fmt.Sprint(got) != "[third]" {
		t.Errorf("since %s: %v", since, got)
	}
	if got := ask(t, s, "GET", "issues/7/comments?per_page=1&page=2", "").field(t, "body"); fmt.Sprint(got) != "[third]" {
		t.Errorf("the second page: %v", got)
	}
	if gone := ask(t, s, "DELETE", second, ""); gone.status != 204 || len(s.Comments(7)) != 1 {
		t.Errorf("%d %s", gone.status, gone.body)
	}
	for _, again := range []reply{ask(t, s, "DELETE", second, ""), ask(t, s, "PATCH", second, `{"body":"x"}`), ask(t, s, "GET", "issues/8/comments", "")} {
		if again.status != 404 {
			t.Errorf("%d %s", again.status, again.body)
		}
	}
}

func TestCommentsThatAreRefused(t *testing.T) {
	s := discussed(t)
	id := s.Comment(7, Author{"somebody", "User"}, "first")
	s.Pull(Pull{Number: 8, HeadSHA: SHA("a"), Locked: true})
	longest := strings.Repeat("ü", 65536)
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "issues/7/comments", longest, 201},
		{"POST", "issues/7/comments", longest + "x", 422},
		{"PATCH", fmt.Sprint("issues/comments/", id), longest + "x", 422},
		{"POST", "issues/7/comments", " ", 422},
		{"POST", "issues/8/comments", "x", 403},
		{"POST", "issues/9/comments", "x", 404},
	} {
		if answer := ask(t, s, c.method, c.path, `{"body":"`+c.body+`"}`); answer.status != c.want {
			t.Errorf("%s %s with %d bytes: %d %s", c.method, c.path, len(c.body), answer.status, answer.body)
		}
	}
}

func TestPermissions(t *testing.T) {
	for _, c := range []struct {
		has          map[string]string
		method, path string
		body         string
		lacks        string // empty: it may
	}{
		{nil, "GET", "compare/main...main", "", ""},
		{map[string]string{"contents": "read"}, "GET", "compare/main...main", "", ""},
		{map[string]string{"contents": "none"}, "GET", "compare/main...main", "", "contents=read"},
		{map[string]string{"issues": "write"}, "GET", "pulls", "", "pull_requests=read"},
		{map[string]string{"pull_requests": "write"}, "GET", "pulls", "", ""},
		{map[string]string{"issues": "write"}, "POST", "issues/7/comments", `{"body":"x"}`, ""},
		{map[string]string{"pull_requests": "write"}, "POST", "issues/7/comments", `{"body":"x"}`, ""},
		{map[string]string{"pull_requests": "read"}, "POST", "issues/7/comments", `{"body":"x"}`, "issues=write; pull_requests=write"},
		{map[string]string{"pull_requests": "read"}, "GET", "issues/7/comments", "", ""},
		{map[string]string{"deployments": "read"}, "POST", "deployments", `{"ref":"main"}`, "deployments=write"},
	} {
		s := discussed(t)
		s.Permissions(c.has)
		answer := ask(t, s, c.method, c.path, c.body)
		if lacks := answer.header.Get("X-Accepted-GitHub-Permissions"); lacks != c.lacks || (answer.status == 403) != (c.lacks != "") {
			t.Errorf("%v: %s %s: %d %s", c.has, c.method, c.path, answer.status, lacks)
		}
	}
}

func TestWhoseToken(t *testing.T) {
	s := New(t, Options{})
	if answer := ask(t, s, "GET", "/user", ""); answer.status != 403 || answer.object(t)["message"] != "Resource not accessible by integration" {
		t.Errorf("%d %s", answer.status, answer.body)
	}
	s.Identity(Author{"somebody", "User"})
	if answer := ask(t, s, "GET", "/user", ""); answer.status != 200 || answer.object(t)["login"] != "somebody" {
		t.Errorf("%d %s", answer.status, answer.body)
	}
	if answer := ask(t, s, "GET", "/repos/apxr/other/pulls", ""); answer.status != 404 {
		t.Errorf("another repository: %d %s", answer.status, answer.body)
	}
}
