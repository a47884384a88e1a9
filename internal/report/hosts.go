package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// list is the part of a result that lists do not have: no action returns a
// list.
type list struct{}

// Markdown returns nothing.
func (l list) Markdown(Place) string { return "" }

// Outputs returns none.
func (l list) Outputs() (map[string]string, error) { return nil, nil }

func (l list) values() values { return nil }

// Releases lists the releases on the hosts.
type Releases struct {
	Hosts []rollout.Listing
	Ended
	list
}

// Text returns a table.
func (r Releases) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tRELEASE\tAGE\tVERSION\tREVISION\tSIZE\tLIVE SINCE\tBY\tSTATE")
	for _, l := range r.Hosts {
		if l.Problem == "" && len(l.Releases) == 0 {
			fmt.Fprintf(w, "%s\t-\t\t\t\t\t\t\tno releases\n", l.Host)
		}
		for _, has := range l.Releases {
			c := has.Change
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.12s\t%.1f MB\t%s\t%s\t%s\n", l.Host, has.ID, age(has.ID, l.Now),
				plain(c.Version), plain(c.Revision), float64(has.KiB)*1024/1e6, since(c), plain(c.Who), strings.Join(states(has), ", "))
		}
	}
	w.Flush()
	return b.String()
}

// age returns the age of a release by the host's own clock.
func age(id release.ID, now int64) string {
	made, err := id.Time()
	if err != nil {
		return "?"
	}
	d := time.Unix(now, 0).Sub(made)
	switch {
	case d < 0:
		return "0m" // the build host's clock is ahead
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

func since(c release.Change) string {
	if c.At.IsZero() {
		return "never"
	}
	return c.At.UTC().Format("2006-01-02 15:04:05Z")
}

func states(r rollout.Listed) []string {
	words := []string{}
	for _, s := range []struct {
		is   bool
		word string
	}{{r.Current, "current"}, {r.Running, "running"}, {r.Next, "a rollback goes here"}, {r.Bad, "rolled back"}} {
		if s.is {
			words = append(words, s.word)
		}
	}
	return words
}

// History lists the changes on the hosts.
type History struct {
	Hosts []rollout.Listing
	Ended
	list
}

// Text returns a table, newest first.
func (h History) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tWHEN\tWHAT\tFROM\tTO\tVERSION\tBY\tRUN\tOUTCOME")
	for _, l := range h.Hosts {
		if l.Problem == "" && len(l.History) == 0 {
			fmt.Fprintf(w, "%s\t-\t\t\t\t\t\t\tno changes\n", l.Host)
		}
		for i := len(l.History) - 1; i >= 0; i-- {
			c := l.History[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Host, since(c), what(c), dash(c.From), dash(c.To), plain(c.Version), plain(c.Who), plain(c.Run), how(c))
		}
	}
	w.Flush()
	return b.String()
}

func what(c release.Change) string {
	s := string(c.Verb)
	if c.Forced {
		s += ", forced"
	}
	if c.From == c.To && c.FromEnv != c.ToEnv {
		s += ", environment"
	}
	return s
}

// how returns how a change ended, with as much of the reason as fits on a line.
func how(c release.Change) string {
	if c.Reason == "" {
		return string(c.Outcome)
	}
	reason, _, _ := strings.Cut(c.Reason, "\n")
	return fmt.Sprintf("%s: %s", c.Outcome, clipped([]string{plain(reason)})[0])
}

// hostJSON is a host in machine-readable lists. Its field names are an
// interface: scripts read them.
type hostJSON struct {
	Host     string           `json:"host"`
	Problem  string           `json:"problem,omitempty"`
	Releases []releaseJSON    `json:"releases,omitempty"`
	Changes  []release.Change `json:"changes,omitempty"`
}

type releaseJSON struct {
	ID       release.ID `json:"release_id"`
	Version  string     `json:"version,omitempty"`
	Revision string     `json:"revision,omitempty"`
	Bytes    int64      `json:"bytes"`
	States   []string   `json:"states"`
	LiveAt   *time.Time `json:"live_at,omitempty"`
	Who      string     `json:"who,omitempty"`
	Run      string     `json:"run,omitempty"`
}

// JSON returns the releases for a script.
func (r Releases) JSON() (string, error) {
	hosts := []hostJSON{}
	for _, l := range r.Hosts {
		h := hostJSON{Host: l.Host, Problem: l.Problem}
		for _, has := range l.Releases {
			c := has.Change
			j := releaseJSON{ID: has.ID, Version: c.Version, Revision: c.Revision, Bytes: has.KiB * 1024, States: stateNames(has), Who: c.Who, Run: c.Run}
			if at := c.At; !at.IsZero() {
				j.LiveAt = &at
			}
			h.Releases = append(h.Releases, j)
		}
		hosts = append(hosts, h)
	}
	return indented(hosts)
}

func stateNames(r rollout.Listed) []string {
	names := states(r)
	for i, name := range names {
		switch name {
		case "a rollback goes here":
			names[i] = "below-current"
		case "rolled back":
			names[i] = "rolled-back"
		}
	}
	return names
}

// JSON returns the changes for a script, oldest first.
func (h History) JSON() (string, error) {
	hosts := []hostJSON{}
	for _, l := range h.Hosts {
		hosts = append(hosts, hostJSON{Host: l.Host, Problem: l.Problem, Changes: l.History})
	}
	return indented(hosts)
}

func indented(v any) (string, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return string(data) + "\n", err
}
