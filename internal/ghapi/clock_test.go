package ghapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestTheClockIsGitHubs(t *testing.T) {
	t.Parallel()
	date := func(ahead time.Duration) string { return time.Now().Add(ahead).UTC().Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		date string
		want time.Duration
	}{
		"the same":    {date(0), 0},
		"a moment":    {date(-time.Second), 0},
		"we are fast": {date(-50 * time.Minute), -50 * time.Minute},
		"we are slow": {date(3 * time.Hour), 3 * time.Hour},
		"no date":     {"", 0},
		"no time":     {"yesterday", 0},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"] = []string{c.date}
			w.Write([]byte(`{"object":{"sha":"x"}}`))
		}))
		defer server.Close()
		client, err := New(Config{URL: server.URL, Repository: "apxr/apxr_io"})
		if err != nil {
			t.Fatal(err)
		}
		if client.Ahead() != 0 {
			t.Errorf("%s: it is known before any answer", name)
		}
		for range 2 {
			if _, err := client.Tip(t.Context(), "refs/heads/main"); err != nil {
				t.Fatal(err)
			}
			if got := client.Ahead(); (got-c.want).Abs() > 2*time.Second || c.want == 0 && got != 0 {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
			if c.want != 0 {
				c.date = date(time.Minute) // a later answer changes nothing
			}
		}
	}
}
