package script

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

func nth(n int) release.ID { return release.NewID(time.Date(2024, 5, 1, 0, 0, n, 0, time.UTC)) }

// remember writes a history of deploys, one release after the other.
func (s *site) remember(changes int) release.History {
	s.t.Helper()
	var h release.History
	var text strings.Builder
	for n := range changes {
		c := release.Change{
			Key: fmt.Sprint(n), Verb: release.Deploy, To: nth(n + 1), Revision: fmt.Sprintf("%040d", n+1), Who: "ann",
			Run: "https://github.com/apxr/app/actions/runs/123456789", Outcome: release.Live, Reason: strings.Repeat("x", 100),
		}
		if n > 0 {
			c.From = nth(n)
		}
		line, err := c.JSON()
		must(s.t, err)
		text.WriteString(line + "\n")
		h = append(h, c)
	}
	s.write(strings.TrimSuffix(text.String(), "\n"), ".slipway", "history.jsonl") // a power cut took the last line break
	return h
}

// A look reads the latest changes of a long history, unless an older one is about
// what is on the host or what is asked about.
func TestALookReadsTheLatestChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		look Look
		has  release.ID // one more release on the host
		all  bool
	}{
		"nothing old":         {look: Look{About: []string{string(nth(1001)), fmt.Sprintf("%040d", 1001)}}},
		"an old release":      {look: Look{About: []string{string(nth(3))}}, all: true},
		"an old revision":     {look: Look{About: []string{fmt.Sprintf("%040d", 3)}}, all: true},
		"a part of a name":    {look: Look{About: []string{"20240501", "0000"}}},
		"the whole history":   {look: Look{Whole: true}, all: true},
		"an old one is there": {has: nth(7), all: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			h := s.remember(1000)
			for _, n := range []int{998, 999, 1000} {
				s.write("x", "releases", string(nth(n)), "f")
			}
			words := append([]string{string(nth(998)), string(nth(999)), string(nth(1000))}, c.look.About...)
			if c.has != "" {
				s.write("x", "releases", string(c.has), "f")
				words = append(words, string(c.has))
			}
			c.look.Units = []string{unit}
			in, err := s.host(nil).Inspect(t.Context(), c.look)
			must(t, err)
			want, older := h.Latest(recentChanges, words)
			if c.look.Whole {
				want, older = h, 0
			}
			// The line that has lost its line break is not counted, and comes besides.
			if len(in.History) < len(want) || len(in.History) > len(want)+1 || (older > 0) == c.all || (in.Older > 0) == c.all {
				t.Errorf("%d changes and %d older ones, want %d and %d", len(in.History), in.Older, len(want), older)
			}
			if got := in.History; got.LastKey() != "999" || in.Older+len(got) != 1000 || !slices.Equal(got, h[in.Older:]) {
				t.Errorf("the history ends with %q", got.LastKey())
			}
		})
	}
}
