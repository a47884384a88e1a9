package ghapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/test/githubapi"
)

// times is a fault that the first so many requests of a method meet.
func times(n int, method string, f githubapi.Fault) func(*http.Request) *githubapi.Fault {
	var met atomic.Int32
	return func(r *http.Request) *githubapi.Fault {
		if r.Method != method || met.Add(1) > int32(n) {
			return nil
		}
		return &f
	}
}

func header(name, value string) http.Header { return http.Header{name: {value}} }

// What passes is waited for, within bounds; and whatever came of a request that
// went wrong, there is one comment in the end.
func TestTroubleThatPasses(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*http.Request) *githubapi.Fault{
		"a server's error":               times(2, "POST", githubapi.Fault{Status: 500}),
		"a bad gateway":                  times(4, "GET", githubapi.Fault{Status: 502, Body: "<html>"}),
		"an error, but it was made":      times(1, "POST", githubapi.Fault{Status: 502, AfterEffect: true}),
		"no answer, but it was made":     times(1, "POST", githubapi.Fault{Drop: true, AfterEffect: true}),
		"no answer":                      times(1, "POST", githubapi.Fault{Drop: true}),
		"no answer in time":              times(1, "POST", githubapi.Fault{Delay: patience}),
		"too many requests":              times(1, "POST", githubapi.Fault{Status: 429, Header: header("Retry-After", "1")}),
		"a secondary limit":              times(1, "POST", githubapi.Fault{Status: 403, Header: header("Retry-After", "1"), Body: `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`}),
		"a limit without a word of when": times(2, "GET", githubapi.Fault{Status: 429}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pulls(t, 1)
			s.Faults(fault)
			c := client(t, s, func(c *ghapi.Config) {
				if name == "no answer in time" {
					c.Timeout = 2 * time.Second
				}
			})
			if said := say(t, c, says(1, "production", noon)); len(said) != 1 {
				t.Errorf("%v", said)
			}
			if body := only(t, s, 1); !has(body, "production") {
				t.Error(body)
			}
		})
	}
}

func TestTroubleThatStays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault githubapi.Fault
		says  string
		asked int // how often at most
	}{
		"not allowed":       {githubapi.Fault{Status: 403}, "Add 'pull-requests: write' to the job's permissions", 1},
		"a bad token":       {githubapi.Fault{Status: 401}, "GitHub does not accept the token", 1},
		"not there":         {githubapi.Fault{Status: 404}, "commenting on #1: GitHub answers 404", 1},
		"refused":           {githubapi.Fault{Status: 422, Body: `{"message":"Validation Failed","errors":[{"resource":"IssueComment","code":"unprocessable","field":"data","message":"Body is too long"}],"documentation_url":"https://docs.github.com/rest"}`}, "GitHub answers 422: Validation Failed; data unprocessable Body is too long", 1},
		"down":              {githubapi.Fault{Status: 503}, "GitHub answers 503", 5},
		"the hourly limit":  {githubapi.Fault{Status: 403, Header: http.Header{"X-RateLimit-Remaining": {"0"}, "X-RateLimit-Limit": {"1000"}, "X-RateLimit-Reset": {"32503680000"}}}, "GitHub's hourly rate limit is used up until", 1},
		"limited for hours": {githubapi.Fault{Status: 429, Header: header("Retry-After", "7200")}, "GitHub answers 429", 1},
		"no answer ever":    {githubapi.Fault{Drop: true}, "GitHub's API does not answer", 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pulls(t, 2)
			s.Faults(times(1000, "POST", c.fault))
			said, err := client(t, s).CommentAll(t.Context(), report.Marker, []ghapi.Comment{says(1, "production", noon)})
			if len(said) != 0 || err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "a-token") || strings.Contains(err.Error(), "http://") {
				t.Errorf("%v, %v", said, err)
			}
			if n := asked(s, "POST", "/comments"); n < 1 || n > c.asked {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// One pull request that cannot be commented on keeps nobody else from it; what
// each of them would meet is met once.
func TestTroubleOfOnePullRequestIsItsOwn(t *testing.T) {
	t.Parallel()
	s := pulls(t, 3)
	locked := githubapi.Pull{Number: 1, HeadSHA: sha("1"), Locked: true}
	s.Pull(locked)
	s.Faults(func(r *http.Request) *githubapi.Fault {
		if r.Method == "POST" && strings.Contains(r.URL.Path, "/issues/1/") {
			return &githubapi.Fault{Status: 403, Body: `{"message":"Unable to create comment because issue is locked.","documentation_url":"https://docs.github.com/articles/locking-conversations/"}`}
		}
		return nil
	})
	said, err := client(t, s).CommentAll(t.Context(), report.Marker, []ghapi.Comment{says(1, "p", noon), says(2, "p", noon), says(3, "p", noon)})
	if len(said) != 2 || err == nil || !strings.Contains(err.Error(), "#1: the conversation is locked") {
		t.Errorf("%v, %v", said, err)
	}

	for name, fault := range map[string]githubapi.Fault{
		"down": {Status: 503}, "a bad token": {Status: 401}, "no answer": {Drop: true}, "limited for hours": {Status: 429, Header: header("Retry-After", "7200")},
	} {
		s := pulls(t, 3)
		s.Faults(times(1000, "POST", fault))
		said, err := client(t, s).CommentAll(t.Context(), report.Marker, []ghapi.Comment{says(1, "p", noon), says(2, "p", noon), says(3, "p", noon)})
		if len(said) != 0 || !errors.As(err, new(*ghapi.Unavailable)) || asked(s, "POST", "/issues/2/") > 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v", name, said, err)
		}
	}

	s = pulls(t, 3)
	s.Permissions(map[string]string{"contents": "read", "pull_requests": "read"})
	said, err = client(t, s).CommentAll(t.Context(), report.Marker, []ghapi.Comment{says(1, "p", noon), says(2, "p", noon), says(3, "p", noon)})
	if len(said) != 0 || !errors.As(err, new(*ghapi.Missing)) || asked(s, "POST", "/comments") != 1 {
		t.Errorf("%v, %v, %d requests", said, err, asked(s, "POST", "/comments"))
	}
}

// The token is GitHub's: an answer that leads elsewhere does not get it.
func TestTheTokenGoesToNobodyElse(t *testing.T) {
	t.Parallel()
	var got atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Store(got.Load() || r.Header.Get("Authorization") != "")
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(other.Close)
	s := pulls(t, 1)
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	s.Faults(func(r *http.Request) *githubapi.Fault {
		return &githubapi.Fault{Status: http.StatusTemporaryRedirect, Header: header("Location", elsewhere+r.URL.Path)}
	})
	if _, err := client(t, s).CommentAll(t.Context(), report.Marker, []ghapi.Comment{says(1, "p", noon)}); err == nil {
		t.Error("it worked")
	}
	if got.Load() {
		t.Error("another host was given the token")
	}
}
