package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// Marker is the beginning of a comment by Slipway on a pull request. The rows
// of its table follow, hidden, in a form for programs. The visible table is
// made from them.
const Marker = "<!-- slipway "

// State says whether a pull request's changes run in an environment.
type State string

// The states.
const (
	StateLive   State = "live"   // its changes run there
	StateGone   State = "gone"   // its changes no longer run there
	StateFailed State = "failed" // its own branch failed to run there
)

// Row is a line of a comment: the state of one environment, and the release with
// the pull request's changes that ran or failed there.
type Row struct {
	App            string    `json:"app"`
	Environment    string    `json:"environment"`
	URL            string    `json:"url,omitempty"` // of the environment
	State          State     `json:"state"`
	Hosts          int       `json:"hosts"` // that run the release
	Of             int       `json:"of"`
	ReleaseID      string    `json:"release_id"`
	Version        string    `json:"version"`
	Revision       string    `json:"revision"`
	At             time.Time `json:"at"`
	Who            string    `json:"who"`
	Run            string    `json:"run"`                       // URL
	Instead        string    `json:"instead,omitempty"`         // of changes that are gone: the release that runs now
	InsteadVersion string    `json:"instead_version,omitempty"` // its version
}

// Bounds of a comment. GitHub accepts 65,536 characters.
const (
	maxCommentRows = 30
	maxWord        = 100
	maxURL         = 200
	maxAhead       = 10 * time.Second // all times are GitHub's: more than the error of a measurement is wrong
)

// Seen returns the row for pull requests whose changes now run, or no longer
// run. It returns false if the rollout is not known to have changed anything
// for them.
func (r Rollout) Seen(p Place) (Row, bool) {
	now := r.Running
	changed := now.ID != r.Previous.ID
	if now.ID == "" || r.Err != nil && !changed || !changed && r.Became != rollout.BecameUnchanged || r.Verb == release.Stage {
		return Row{}, false
	}
	return Row{
		App: p.App, Environment: p.Environment, URL: p.URL, State: StateLive, Hosts: now.Hosts, Of: len(r.Hosts),
		ReleaseID: string(now.ID), Version: now.Version.Version, Revision: now.Revision,
		At: now.Since.UTC().Truncate(time.Second), Who: now.Who, Run: now.Run,
	}, true
}

// Gone returns the row for pull requests whose changes no longer run: what ran
// before has them, and what runs now does not. A comment that knows in which
// release they were live keeps that one.
func (r Rollout) Gone(row Row) Row {
	before := r.Running.Before
	row.State, row.Instead, row.InsteadVersion = StateGone, row.ReleaseID, row.Version
	row.ReleaseID, row.Version, row.Revision = string(before.ID), before.Version, before.Revision
	return row
}

// Tried returns the row of a pull request whose own branch failed to run.
func (r Rollout) Tried(p Place, at time.Time, who string) Row {
	return Row{
		App: p.App, Environment: p.Environment, URL: p.URL, State: StateFailed, Of: len(r.Hosts),
		ReleaseID: string(r.Target), Version: r.Version, Revision: r.Revision,
		At: at.UTC().Truncate(time.Second), Who: who, Run: p.Run,
	}
}

// CommentBody returns the text of a comment: the rows of all comments before
// it, and the new row. Of two rows for one environment the later one counts. All
// times are by GitHub's clock. The time now exposes rows that claim to be from the
// future.
func CommentBody(before []string, row Row, p Place, now time.Time) string {
	if row.At.After(now) { // from a host's history, by the clock of another runner
		row.At = now
	}
	rows := []Row{sound(row, p)}
	for _, body := range before {
		rows = append(rows, parseRows(body, now, p)...)
	}
	rows[0] = withOwnRelease(rows[0], rows[1:])
	rows = merged(rows)
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s -->\n\n### Where this runs\n\n", Marker, hidden(rows))
	writeRows(&b, rows, p)
	if url := p.rollback(); url != "" {
		fmt.Fprintf(&b, "\nTo go back, [run the rollback workflow](%s).\n", url)
	}
	return b.String()
}

// withOwnRelease returns the row of changes that are gone with the release in which
// an earlier row says that they were live: that is the pull request's own one.
func withOwnRelease(row Row, earlier []Row) Row {
	var last Row
	for _, e := range earlier {
		knows := e.State == StateLive || e.State == StateGone && e.Instead != ""
		if e.App == row.App && e.Environment == row.Environment && knows && !e.At.After(row.At) && (last.App == "" || later(e, last)) {
			last = e
		}
	}
	if row.State == StateGone && last.App != "" {
		row.ReleaseID, row.Version, row.Revision = last.ReleaseID, last.Version, last.Revision
	}
	return row
}

// hidden returns the rows as JSON. It escapes ">", which could end the comment.
func hidden(rows []Row) string {
	data, err := json.Marshal(struct {
		Rows []Row `json:"rows"`
	}{rows})
	if err != nil {
		panic(err) // strings, numbers and times always marshal
	}
	return string(data)
}

// parseRows reads the rows that [CommentBody] wrote. It rejects everything
// else: anybody who may edit a comment could have written it.
func parseRows(body string, now time.Time, p Place) (rows []Row) {
	text, _, _ := strings.Cut(strings.TrimPrefix(body, Marker), " -->")
	var data struct{ Rows []Row }
	if !strings.HasPrefix(body, Marker) || json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&data) != nil {
		return nil
	}
	for _, row := range data.Rows {
		_, badID := release.ParseID(row.ReleaseID)
		_, badInstead := release.ParseID(row.Instead)
		known := row.State == StateLive || row.State == StateGone || row.State == StateFailed
		if row.Instead != "" && badInstead != nil {
			continue
		}
		if badID == nil && known && appName.MatchString(row.App) && row.Environment != "" && row.At.Before(now.Add(maxAhead)) && row.At.Year() >= 2000 {
			rows = append(rows, sound(row, p))
		}
	}
	return rows
}

var appName = regexp.MustCompile(`^[a-z0-9_-]{1,64}/[a-z0-9_-]{1,64}$`)

// sound returns the row without texts that are too long or links to other
// places.
func sound(row Row, p Place) Row {
	for _, s := range []*string{&row.Environment, &row.Version, &row.InsteadVersion, &row.Who} {
		*s = clip(strings.Map(shown, *s), maxWord)
	}
	if !release.ValidRevision(row.Revision) {
		row.Revision = ""
	}
	if !p.ownRun(row.Run) {
		row.Run = ""
	}
	if !plainURL(row.URL) {
		row.URL = ""
	}
	row.At, row.Hosts, row.Of = row.At.UTC().Truncate(time.Second), max(0, row.Hosts), max(0, row.Of)
	return row
}

// plainURL reports whether a URL needs no escaping in a link and leads to the
// web.
func plainURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && len(s) <= maxURL &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:/?#=&%+,") == ""
}

// merged returns one row for each application and environment, in that order.
func merged(rows []Row) (kept []Row) {
	latest := map[[2]string]Row{}
	for _, row := range rows {
		key := [2]string{row.App, row.Environment}
		if other, there := latest[key]; !there || later(row, other) {
			latest[key] = row
		}
	}
	for _, row := range latest {
		kept = append(kept, row)
	}
	slices.SortFunc(kept, func(a, b Row) int { return b.At.Compare(a.At) })
	kept = kept[:min(len(kept), maxCommentRows)]
	slices.SortFunc(kept, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Environment, b.Environment))
	})
	return kept
}

// later orders any two rows in the same way for all callers.
func later(a, b Row) bool {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Run, b.Run), cmp.Compare(a.ReleaseID, b.ReleaseID),
		cmp.Compare(a.State, b.State), cmp.Compare(hidden([]Row{a}), hidden([]Row{b}))) > 0
}

func writeRows(b *strings.Builder, rows []Row, p Place) {
	several := slices.ContainsFunc(rows, func(r Row) bool { return r.App != rows[0].App })
	if several {
		b.WriteString("| Application ")
	}
	b.WriteString("| Environment | State | Version | Revision | Since | By |\n" + strings.Repeat("|---", 6))
	if several {
		b.WriteString("|---")
	}
	b.WriteString("|\n")
	for _, r := range rows {
		if several {
			fmt.Fprintf(b, "| %s ", code(r.App))
		}
		since := unbroken(r.At.Format("2006-01-02 15:04 UTC"))
		if r.Run != "" {
			since = "[" + since + "](" + r.Run + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", link(r.Environment, r.URL), r.words(), named(r.Version, r.ReleaseID),
			link(short(r.Revision), p.commit(r.Revision)), since, code(r.Who))
	}
}

// words returns the state. Changes that are gone also need what runs instead.
func (r Row) words() string {
	state := unbroken(r.state())
	if r.State != StateGone || r.Instead == "" {
		return state
	}
	instead := code(r.InsteadVersion)
	if r.InsteadVersion == "" || r.InsteadVersion == r.Version { // the version does not tell them apart
		instead = named(r.InsteadVersion, r.Instead)
	}
	return state + ": " + instead + " runs instead"
}

func (r Row) state() string {
	switch {
	case r.State == StateFailed:
		return "❌ failed"
	case r.State == StateGone && r.Hosts < r.Of:
		return fmt.Sprintf("↩️ no longer live on %d of %d hosts", r.Hosts, r.Of)
	case r.State == StateGone:
		return "↩️ no longer live"
	case r.Hosts < r.Of:
		return fmt.Sprintf("⚠️ live on %d of %d hosts", r.Hosts, r.Of)
	}
	return "✅ live"
}
