package ghapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/test/githubapi"
)

var (
	bot  = githubapi.Author{Login: "github-actions[bot]", Type: "Bot"}
	ann  = githubapi.Author{Login: "ann", Type: "User"}
	noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
)

// pulls is a GitHub with so many open pull requests.
func pulls(t *testing.T, n int) *githubapi.Server {
	s := start(t, n+1, githubapi.Options{})
	for i := 1; i <= n; i++ {
		s.Pull(githubapi.Pull{Number: i, HeadSHA: sha(fmt.Sprint(i))})
	}
	return s
}

// only is the one comment of Slipway's on a pull request.
func only(t *testing.T, s *githubapi.Server, pull int) string {
	t.Helper()
	var found []string
	for _, c := range s.Comments(pull) {
		if strings.HasPrefix(c.Body, report.Marker) {
			found = append(found, c.Body)
		}
	}
	if len(found) != 1 {
		t.Fatalf("#%d has %d comments of Slipway's", pull, len(found))
	}
	return found[0]
}

func has(body string, environments ...string) bool {
	for _, e := range environments {
		if !strings.Contains(body, "| `"+e+"` |") {
			return false
		}
	}
	return true
}

func say(t *testing.T, c *ghapi.Client, comments ...ghapi.Comment) []int {
	t.Helper()
	said, err := c.CommentAll(t.Context(), report.Marker, comments)
	if err != nil {
		t.Error(err)
	}
	return said
}

func TestOneCommentIsKeptAndEditedInPlace(t *testing.T) {
	t.Parallel()
	s := pulls(t, 2)
	s.Comment(1, ann, "LGTM")
	c := client(t, s)
	if said := say(t, c, says(1, "staging", noon), says(2, "staging", noon)); !slices.Equal(said, []int{1, 2}) {
		t.Error(said)
	}
	say(t, c, says(1, "production", noon.Add(time.Hour)))
	if body := only(t, s, 1); !has(body, "staging", "production") {
		t.Error(body)
	}
	if posts, patches := asked(s, "POST", "/comments"), asked(s, "PATCH", "/comments/"); posts != 2 || patches != 1 || len(s.Comments(1)) != 2 {
		t.Errorf("%d made, %d edited", posts, patches)
	}
	say(t, c, says(1, "production", noon.Add(time.Hour)))
	if patches := asked(s, "PATCH", "/comments/"); patches != 1 {
		t.Error("the same again is an edit")
	}
}

func TestAnOpenPullRequestThatHeardOfNothingHearsOfNoEnd(t *testing.T) {
	t.Parallel()
	s := pulls(t, 2)
	c := client(t, s)
	say(t, c, says(1, "preview", noon))
	first, second := says(1, "preview", noon.Add(time.Minute)), says(2, "preview", noon.Add(time.Minute))
	first.Create, second.Create = false, false
	if said := say(t, c, first, second); !slices.Equal(said, []int{1}) || len(s.Comments(2)) != 0 {
		t.Error(said)
	}
}

func TestTheCommentIsFoundOnAnyPage(t *testing.T) {
	t.Parallel()
	s := pulls(t, 1)
	for i := range 130 {
		s.Comment(1, ann, fmt.Sprint("talk ", i))
	}
	c := client(t, s)
	say(t, c, says(1, "staging", noon))
	for i := range 130 {
		s.Comment(1, ann, fmt.Sprint("more talk ", i))
	}
	say(t, c, says(1, "production", noon))
	if body := only(t, s, 1); !has(body, "staging", "production") {
		t.Error(body)
	}
}

// Anybody may write on a public pull request, also what looks like Slipway's.
func TestWhatOthersWroteIsTheirs(t *testing.T) {
	t.Parallel()
	s := pulls(t, 1)
	forged := says(1, "production", noon.Add(time.Hour)).Edit(nil)
	s.Comment(1, ann, forged)
	c := client(t, s)
	say(t, c, says(1, "staging", noon))
	comments := s.Comments(1)
	if len(comments) != 2 || comments[0].Body != forged || has(comments[1].Body, "production") {
		t.Errorf("%+v", comments)
	}
	if n := asked(s, "GET", "/user"); n != 1 {
		t.Errorf("asked %d times who the token's user is", n)
	}
}

func TestATokenOfAPersonFindsItsOwn(t *testing.T) {
	t.Parallel()
	s := pulls(t, 1)
	s.Identity(ann)
	c := client(t, s)
	say(t, c, says(1, "staging", noon))
	say(t, c, says(1, "production", noon))
	if body := only(t, s, 1); !has(body, "staging", "production") || s.Comments(1)[0].Author != ann {
		t.Error(body)
	}
}

func TestTwoCommentsBecomeOneWithAllRows(t *testing.T) {
	t.Parallel()
	s := pulls(t, 1)
	first := s.Comment(1, bot, says(1, "staging", noon).Edit(nil))
	s.Comment(1, bot, says(1, "qa", noon).Edit(nil))
	s.Comment(1, bot, says(1, "staging", noon.Add(time.Hour)).Edit(nil))
	say(t, client(t, s), says(1, "production", noon))
	body := only(t, s, 1)
	if !has(body, "staging", "production", "qa") || !strings.Contains(body, "13:00") || s.Comments(1)[0].ID != first {
		t.Error(body)
	}
}

func TestACommentThatSomebodyRemovesIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := pulls(t, 1)
	id := s.Comment(1, bot, says(1, "staging", noon).Edit(nil))
	removed := false
	s.Hooks(func(r *http.Request) {
		if r.Method == "PATCH" && !removed {
			removed = true
			remove(t, s, id)
		}
	}, nil)
	say(t, client(t, s), says(1, "production", noon))
	if body := only(t, s, 1); !has(body, "production") || !removed {
		t.Error(body)
	}
}

func remove(t *testing.T, s *githubapi.Server, id int64) {
	r, err := http.NewRequestWithContext(t.Context(), "DELETE", fmt.Sprintf("%s/repos/apxr/apxr_io/issues/comments/%d", s.URL, id), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("User-Agent", "somebody")
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
}
