package githubapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/apxr/slipway/test/githubapi"
)

// onPost is a fault of requests that make something.
func onPost(fault Fault) func(*http.Request) *Fault {
	return func(r *http.Request) *Fault {
		if r.Method != http.MethodPost {
			return nil
		}
		return &fault
	}
}

func TestFaults(t *testing.T) {
	limit := http.Header{"Retry-After": {"60"}}
	for name, c := range map[string]struct {
		fault  Fault
		status int
		made   int
		want   string // empty: no violation
	}{
		"none":                         {Fault{}, 201, 1, ""},
		"a delay":                      {Fault{Delay: time.Millisecond}, 201, 1, ""},
		"an error of the server":       {Fault{Status: 502}, 502, 0, ""},
		"one after the effect":         {Fault{Status: 502, AfterEffect: true}, 502, 1, ""},
		"of what stands before it":     {Fault{Status: 503, Body: "<html>", Header: http.Header{"content-type": {"text/html"}}}, 503, 0, ""},
		"a limit":                      {Fault{Status: 429, Header: limit}, 429, 0, ""},
		"a secondary limit":            {Fault{Status: 403, Header: limit, Body: `{"message":"You have exceeded a secondary rate limit"}`}, 403, 0, ""},
		"a token that is none":         {Fault{Status: 401}, 401, 0, ""},
		"a refusal":                    {Fault{Status: 422}, 422, 0, ""},
		"a refusal without a message":  {Fault{Status: 422, Body: `{"documentation_url":"x"}`}, 422, 0, `property "message" is missing`},
		"a token, with another field":  {Fault{Status: 401, Body: `{"error":"x"}`}, 401, 0, "body.error is not declared"},
		"a refusal that is not GitHub": {Fault{Status: 418}, 418, 0, "answers 418, which is not declared"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			chain(s, "", "a")
			s.Branch("main", SHA("a"))
			s.Pull(Pull{Number: 7, HeadSHA: SHA("a")})
			s.Faults(onPost(c.fault))
			answer := ask(t, s, "POST", "issues/7/comments", `{"body":"x"}`)
			if answer.status != c.status || len(s.Comments(7)) != c.made || answer.header.Get("Retry-After") != c.fault.Header.Get("Retry-After") {
				t.Errorf("%d %v %s: made %d", answer.status, answer.header, answer.body, len(s.Comments(7)))
			}
			violates(t, s, c.want)
		})
	}
}

func TestConnectionsThatEnd(t *testing.T) {
	for after, made := range map[bool]int{false: 0, true: 1} {
		s := discussed(t)
		s.Faults(onPost(Fault{Drop: true, AfterEffect: after}))
		r := request(t, s, "POST", "/repos/apxr/apxr_io/issues/7/comments", `{"body":"x"}`)
		if response, err := http.DefaultClient.Do(r); !errors.Is(err, io.EOF) {
			t.Errorf("%v, %v", response, err)
		}
		if got := len(s.Comments(7)); got != made {
			t.Errorf("after its effect %t: made %d", after, got)
		}
	}
}

func TestClientsThatDoNotWait(t *testing.T) {
	for after, made := range map[bool]int{false: 0, true: 1} {
		s := discussed(t)
		s.Faults(onPost(Fault{Delay: time.Minute, AfterEffect: after}))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		r := request(t, s, "POST", "/repos/apxr/apxr_io/issues/7/comments", `{"body":"x"}`).WithContext(ctx)
		if response, err := http.DefaultClient.Do(r); err == nil {
			t.Errorf("%v", response)
		}
		s.Close()
		if got := len(s.Comments(7)); got != made {
			t.Errorf("after its effect %t: made %d", after, got)
		}
	}
}

// Two clients look before either writes; what they say is in the requests.
func TestHooks(t *testing.T) {
	s := discussed(t)
	var looked sync.WaitGroup
	looked.Add(2)
	s.Hooks(func(r *http.Request) {
		if r.Method == http.MethodPost {
			looked.Wait()
		}
	}, func(r *http.Request) {
		if body, _ := io.ReadAll(r.Body); r.Method == http.MethodGet && len(body) == 0 {
			looked.Done()
		}
	})
	var clients sync.WaitGroup
	for range 2 {
		clients.Go(func() {
			if there := ask(t, s, "GET", "issues/7/comments", ""); there.body != "[]" {
				t.Errorf("one came first: %s", there.body)
			}
			ask(t, s, "POST", "issues/7/comments", `{"body":"mine"}`)
		})
	}
	clients.Wait()
	var all []string
	for _, r := range s.Requests() {
		all = append(all, r.Method+" "+r.Path+" "+r.Body)
	}
	const path = " /repos/apxr/apxr_io/issues/7/comments "
	want := []string{"GET" + path, "GET" + path, "POST" + path + `{"body":"mine"}`, "POST" + path + `{"body":"mine"}`}
	slices.Sort(all) // a request is noted when it comes
	if strings.Join(all, "\n") != strings.Join(want, "\n") || len(s.Comments(7)) != 2 {
		t.Errorf("%d comments after %q", len(s.Comments(7)), all)
	}
}
