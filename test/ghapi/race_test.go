package ghapi

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/report"
)

// slow makes every request take its time, before and after it has its effect.
func slow(*http.Request) { time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond) }

// Two runs for two environments, at the same time, on many pull requests: some
// have no comment yet, some have one, some have two.
func TestTwoRunsAtOnceLeaveOneCommentWithBothRows(t *testing.T) {
	t.Parallel()
	const n = 30
	s := pulls(t, n)
	for i := range n {
		for range i % 3 {
			s.Comment(i+1, bot, says(i+1, "qa", noon).Edit(nil))
		}
	}
	s.Hooks(slow, slow)
	var runs sync.WaitGroup
	for i := range n {
		for _, environment := range []string{"staging", "production"} {
			c := client(t, s, func(c *ghapi.Config) { c.Settle = 3 * time.Second }) // as it is by default
			runs.Go(func() {
				if _, err := c.CommentAll(t.Context(), report.Marker, []ghapi.Comment{says(i+1, environment, noon)}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	runs.Wait()
	for i := range n {
		body := only(t, s, i+1)
		if !has(body, "staging", "production") || i%3 > 0 && !has(body, "qa") {
			t.Errorf("#%d lost a row:\n%s", i+1, body)
		}
	}
}

// The worst that can happen: one run has read, then the other one writes, looks
// whether it is there, and is content; then the first one writes.
func TestARowThatIsOverwrittenIsMended(t *testing.T) {
	t.Parallel()
	s := pulls(t, 1)
	s.Comment(1, bot, says(1, "qa", noon).Edit(nil))
	content := make(chan struct{})
	s.Hooks(func(r *http.Request) {
		if r.Method == "PATCH" && r.Header.Get("Authorization") == "Bearer late" {
			<-content
		}
	}, nil)
	late := client(t, s, func(c *ghapi.Config) { c.Token = "late" })
	var runs sync.WaitGroup
	runs.Go(func() { say(t, late, says(1, "staging", noon)) })
	waitFor(t, func() bool { return asked(s, "PATCH", "/comments/") == 1 })

	early := client(t, s, func(c *ghapi.Config) { c.Settle = 300 * time.Millisecond })
	runs.Go(func() { say(t, early, says(1, "production", noon)) })
	waitFor(t, func() bool { return has(s.Comments(1)[0].Body, "production") && asked(s, "GET", "/comments") >= 3 })
	close(content)
	waitFor(t, func() bool { return !has(s.Comments(1)[0].Body, "production") }) // it is overwritten
	runs.Wait()
	if body := only(t, s, 1); !has(body, "staging", "production", "qa") {
		t.Error(body)
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came about")
		}
	}
}
