package hosts

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

type listedRelease struct {
	ID       release.ID `json:"release_id"`
	Version  string
	Revision string
	Bytes    int64
	States   []string
	LiveAt   *time.Time `json:"live_at"`
	Who      string
}

type listedHost struct {
	Host     string
	Releases []listedRelease
	Changes  release.History
}

// list runs a verb that lists, for people and for programs.
func (w *webHost) list(verb string) (text string, host listedHost) {
	w.Helper()
	text = w.OK(verb).Stdout
	var all []listedHost
	w.Must(json.Unmarshal([]byte(w.OK(verb, "--format", "json").Stdout), &all))
	if len(all) != 1 || all[0].Host != w.host.Addr {
		w.Fatalf("%d hosts are listed: %+v", len(all), all)
	}
	return text, all[0]
}

// isListed checks which releases are listed, with their states, and what the
// history says was done, the oldest first.
func (w *webHost) isListed(states map[release.ID][]string, done ...string) {
	w.Helper()
	_, host := w.list("releases")
	if len(host.Releases) != len(states) {
		w.Errorf("%d releases are listed, want %d", len(host.Releases), len(states))
	}
	for _, r := range host.Releases {
		if want, known := states[r.ID]; !known || !slices.Equal(r.States, want) {
			w.Errorf("%s is %q, want %q", r.ID, r.States, want)
		}
	}
	text, host := w.list("history")
	var got []string
	for _, c := range host.Changes {
		got = append(got, string(c.Verb)+" "+string(c.To)+" "+string(c.Outcome))
	}
	if !slices.Equal(got, done) {
		w.Errorf("the history is %q, want %q", got, done)
	}
	if lines := strings.Count(strings.TrimSpace(text), "\n"); lines != len(done) { // and a title
		w.Errorf("the history has %d lines:\n%s", lines, text)
	}
}
