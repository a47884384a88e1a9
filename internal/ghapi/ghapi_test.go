package ghapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-github/v62/github"
)

func TestWhoseAPI(t *testing.T) {
	for name, c := range map[string]struct {
		url, repository string
		base            string // empty if it is refused
	}{
		"github.com":           {"https://api.github.com", "apxr/apxr_io", "https://api.github.com/"},
		"an Enterprise Server": {"https://git.example.com/api/v3", "apxr/apxr_io", "https://git.example.com/api/v3/"},
		"with a slash":         {"https://git.example.com/api/v3/", "apxr/apxr_io", "https://git.example.com/api/v3/"},
		"no URL":               {"api.github.com", "apxr/apxr_io", ""},
		"another scheme":       {"file:///etc", "apxr/apxr_io", ""},
		"no owner":             {"https://api.github.com", "apxr_io", ""},
		"too much":             {"https://api.github.com", "apxr/apxr_io/x", ""},
		"nothing":              {"https://api.github.com", "", ""},
	} {
		client, err := New(Config{URL: c.url, Repository: c.repository})
		if (err != nil) != (c.base == "") || err == nil && client.api.BaseURL.String() != c.base {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestWhatIsTriedAgain(t *testing.T) {
	in := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	for name, c := range map[string]struct {
		status int
		header http.Header
		again  bool
		wait   time.Duration // before the second try; 0 for the default
	}{
		"it worked":                    {200, nil, false, 0},
		"not there":                    {404, nil, false, 0},
		"not allowed":                  {403, nil, false, 0},
		"refused":                      {422, nil, false, 0},
		"an error of the server":       {500, nil, true, 0},
		"it is down":                   {502, nil, true, 0},
		"it is down for a while":       {503, header("Retry-After", "7"), true, 7 * time.Second},
		"too many":                     {429, header("Retry-After", "20"), true, 20 * time.Second},
		"too many, for how long?":      {429, nil, true, 0},
		"too many, for a long time":    {429, header("Retry-After", "3600"), false, 0},
		"a secondary limit":            {403, header("Retry-After", "60"), true, 60 * time.Second},
		"the hourly limit, nearly up":  {403, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(30*time.Second)), true, 31 * time.Second},
		"the hourly limit":             {403, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(40*time.Minute)), false, 0},
		"never again":                  {403, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "32503680000"), false, 0},
		"the hourly limit, past":       {429, header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(-time.Minute)), true, time.Second},
		"longer than the run has left": {429, header("Retry-After", "80"), false, 0},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 70*time.Second)
		resp := &http.Response{StatusCode: c.status, Header: c.header}
		again, err := shouldRetry(ctx, resp, nil)
		if again != c.again || err != nil && c.status < 500 {
			t.Errorf("%s: %t, %v", name, again, err)
		}
		want := c.wait
		if want == 0 {
			want = 2 * time.Second
		}
		if got := backoff(time.Second, 30*time.Second, 1, resp); c.again && (got > want || got < want-2*time.Second) {
			t.Errorf("%s: after %s, want %s", name, got, want)
		}
		cancel()
		if again, _ := shouldRetry(ctx, resp, nil); again {
			t.Errorf("%s: again although the run is over", name)
		}
	}
	if got := backoff(time.Second, 30*time.Second, 10, nil); got != 30*time.Second {
		t.Errorf("the tenth time: %s", got)
	}
}

func answer(status int, message string) error {
	return &github.ErrorResponse{Response: &http.Response{StatusCode: status, Header: http.Header{}}, Message: message}
}

func TestWhatAnErrorMeans(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a permission":   {answer(403, "Resource not accessible by integration"), "commenting on #7: the token lacks a permission. Add 'pull-requests: write' to the job's permissions"},
		"locked":         {answer(403, "Unable to create comment because issue is locked."), "commenting on #7: the conversation is locked"},
		"the token":      {answer(401, "Bad credentials"), "commenting on #7: GitHub does not accept the token (github-token): it is expired or mistyped"},
		"invalid":        {answer(422, "Validation Failed\n::error::x"), "commenting on #7: GitHub answers 422: Validation Failed ::error::x"},
		"without a word": {answer(502, ""), "commenting on #7: GitHub answers 502: Bad Gateway"},
		"the hourly limit": {
			&github.RateLimitError{Rate: github.Rate{Reset: github.Timestamp{Time: time.Unix(0, 0)}}}, "commenting on #7: GitHub's hourly rate limit is used up until 00:00:00Z",
		},
		"a secondary limit": {&github.AbuseRateLimitError{}, "commenting on #7: GitHub's secondary rate limit: it asks for fewer requests"},
		"the network":       {&url.Error{Op: "Get", URL: "https://secret", Err: errors.New("connection refused")}, "commenting on #7: GitHub's API does not answer: connection refused"},
		"something else":    {errors.New("broke"), "commenting on #7: broke"},
	} {
		if got := explain(c.err, "commenting on #7", needWrite); got.Error() != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if explain(nil, "x", "y") != nil {
		t.Error("nothing is an error")
	}
	if err := explain(answer(403, "no"), "x", "y"); !errors.As(err, new(*Missing)) {
		t.Errorf("%T", err)
	}
	limited := &github.ErrorResponse{Response: &http.Response{StatusCode: 403, Header: header("Retry-After", "60")}, Message: "You have exceeded a secondary rate limit"}
	if err := explain(limited, "x", "y"); errors.As(err, new(*Missing)) {
		t.Errorf("a limit is no permission: %v", err)
	}
}

func TestThePullRequestOfARef(t *testing.T) {
	for ref, want := range map[string]int{
		"refs/pull/7/merge": 7, "refs/pull/123/head": 123, "refs/heads/main": 0, "refs/tags/v1": 0, "": 0, "refs/pull/0/merge": 0, "refs/pull/07/merge": 0,
		"refs/pull/99999999999999999999/merge": 0, "refs/pull/7/merge\n": 0, "refs/pull/7/../8/merge": 0, "refs/heads/refs/pull/7/merge": 0,
	} {
		if got, ok := PullOf(ref); got != want || ok != (want > 0) {
			t.Errorf("%q: %d, %t", ref, got, ok)
		}
	}
}

func TestOnlyTheLatestOfVeryManyPullRequestsAreListed(t *testing.T) {
	var list []Pull
	for i := range 150 {
		list = append(list, Pull{Number: 1000 - i, Open: i == 149})
	}
	var notes []string
	got := bounded(list, &notes)
	if len(got) != 100 || got[0].Number != 851 || got[1].Number != 1000 || got[99].Number != 902 {
		t.Errorf("%d: %+v", len(got), got)
	}
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "150 pull requests are concerned") {
		t.Error(notes)
	}
	if got := bounded(list[:100], &notes); len(got) != 100 || len(notes) != 1 {
		t.Error(notes)
	}
}

func TestManyChangesAreSpacedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace{every: time.Second}
		began := time.Now()
		for range freely {
			p.wait(t.Context())
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("a few took %s", took)
		}
		for range 5 {
			p.wait(t.Context())
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("five more took %s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.wait(ctx); err == nil {
			t.Error("it goes on although the run is over")
		}
	})
}

func TestADescriptionIsAShortLine(t *testing.T) {
	if got := clip("a\nb  c"); got != "a b c" {
		t.Errorf("%q", got)
	}
	if got := clip(strings.Repeat("ö", 200)); len([]rune(got)) != maxDescription || !strings.HasSuffix(got, "…") {
		t.Errorf("%q", got)
	}
}
