package host_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// remember writes a history of that many deploys, each of the release that of
// returns.
func (s *site) remember(changes int, of func(n int) release.ID) {
	s.Helper()
	var text strings.Builder
	for n := range changes {
		c := release.Change{Key: fmt.Sprint(n), Verb: release.Deploy, To: of(n), ToEnv: fmt.Sprintf("20240101T000000.%09d", n), Outcome: release.Live}
		if n > 0 {
			c.From, c.FromEnv = of(n-1), fmt.Sprintf("20240101T000000.%09d", n-1)
		}
		line, err := c.JSON()
		s.must(err)
		text.WriteString(line + "\n")
	}
	s.must(os.WriteFile(s.path("opt/app/.slipway/history.jsonl"), []byte(text.String()), 0o600))
}

// A look reads the latest changes, if those are enough to decide on the host.
func TestALookReadsNoMoreOfAHistoryThanItNeeds(t *testing.T) {
	t.Parallel()
	each := func(n int) release.ID { return release.NewID(time.Date(2023, 1, 1, 0, 0, n, 0, time.UTC)) }
	one := func(n int) release.ID { return each(max(0, n-990)) } // the latest changes have ten releases
	few := func(n int) release.ID { return each(n / 500) }
	for name, c := range map[string]struct {
		of          func(int) release.ID
		q           host.Question
		changes     int
		older, keep int
	}{
		"many releases":       {each, host.Question{}, 200, 800, 5},
		"many, as a list":     {each, host.Question{List: true}, 200, 800, 5},
		"many, as a whole":    {each, host.Question{List: true, Whole: true}, 1000, 0, 5},
		"an old one":          {each, host.Question{Asked: each(3)}, 1000, 0, 5},
		"as many as it keeps": {one, host.Question{}, 200, 800, 9},
		"fewer than it keeps": {one, host.Question{}, 1000, 0, 20},
		"environments alone":  {few, host.Question{}, 1000, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.remember(1000, c.of)
			h := s.begin(release.Deploy, func(p *host.Plan) { p.Keep = c.keep })
			t.Cleanup(func() { h.Close() })
			s.must(h.Connect(t.Context()))
			s.must(h.Look(t.Context(), c.q))
			if seen := h.Seen(); len(seen.History) != c.changes || seen.Older != c.older || seen.History.LastKey() != "999" {
				t.Errorf("it has %d changes and %d older ones, want %d and %d", len(seen.History), seen.Older, c.changes, c.older)
			}
		})
	}
}
