package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/apxr/slipway/internal/release"
)

// Artifacts lists the artifacts on the build server, newest first.
type Artifacts struct {
	Stored []release.Stored
	Ended
	list
}

// Text returns a table.
func (a Artifacts) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RELEASE\tVERSION\tREVISION\tREF\tBUILT\tSIZE\tSTATE")
	if len(a.Stored) == 0 {
		fmt.Fprintln(w, "-\t\t\t\t\t\tno artifacts")
	}
	for _, s := range a.Stored {
		m := s.Manifest
		fmt.Fprintf(w, "%s\t%s\t%.12s\t%s\t%s\t%.1f MB\t%s\n", s.ID,
			plain(m.Version), plain(m.Revision), plain(m.Ref), stamp(m.BuiltAt), float64(s.Size)/1e6, storedState(s))
	}
	w.Flush()
	return b.String()
}

// artifactJSON is an artifact in a machine-readable list.
type artifactJSON struct {
	ID       release.ID `json:"release_id"`
	Version  string     `json:"version,omitempty"`
	Revision string     `json:"revision,omitempty"`
	Ref      string     `json:"ref,omitempty"`
	BuiltAt  *time.Time `json:"built_at,omitempty"`
	Bytes    int64      `json:"bytes"`
	Held     bool       `json:"held"`
	Problem  string     `json:"problem,omitempty"`
}

// JSON returns the list for a script.
func (a Artifacts) JSON() (string, error) {
	all := []artifactJSON{}
	for _, s := range a.Stored {
		m := s.Manifest
		j := artifactJSON{ID: s.ID, Version: m.Version, Revision: m.Revision, Ref: m.Ref, Bytes: s.Size, Held: s.Held, Problem: s.Problem}
		if !m.BuiltAt.IsZero() {
			j.BuiltAt = &m.BuiltAt
		}
		all = append(all, j)
	}
	return indented(all)
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format("2006-01-02 15:04:05Z")
}

func storedState(s release.Stored) string {
	var words []string
	if s.Held {
		words = append(words, "in use by a deploy")
	}
	if s.Problem != "" {
		words = append(words, "broken: "+plain(s.Problem))
	}
	return strings.Join(words, ", ")
}

// plain replaces characters that would leave the cell or control the terminal:
// other programs could have written the manifest.
func plain(s string) string {
	if s == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
