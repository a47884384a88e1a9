// Package report turns results into texts for people, scripts and later
// workflow steps: lines for a terminal, JSON, Markdown for a job summary,
// outputs. It has one type for each kind of result, and each is a [Result].
//
// The package is pure: results in, text out. It does not know where the text
// goes.
package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// Rollout is the result of a run that changes what web servers have or run.
type Rollout struct {
	rollout.Result
	Ended
	App, Environment string // for the headline; empty: not named
}

// Text returns the result for a terminal or a log. Both show the error
// themselves.
func (r Rollout) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Headline())
	if line := releases(r.Result); line != "" {
		fmt.Fprintln(&b, line)
	}
	if reason := beyond(r); reason != "" {
		fmt.Fprintln(&b, strings.TrimRight(reason, ":"))
	}
	for _, line := range remarks(r.Result) {
		fmt.Fprintln(&b, line)
	}
	writeTable(&b, r.Result)
	for _, p := range problems(r.Hosts) {
		fmt.Fprintf(&b, "%s: %s\n", p.hosts, p.text)
		if len(p.unitLog) > 0 {
			fmt.Fprintf(&b, "%s: the unit log says:\n  %s\n", p.hosts, strings.Join(clipped(p.unitLog), "\n  "))
		}
	}
	for _, p := range proofs(r.Hosts) {
		fmt.Fprintf(&b, "%s: proved: %s\n", p.hosts, p.text)
	}
	if text := advice(r); text != "" {
		fmt.Fprintln(&b, text)
	}
	return b.String()
}

// releases returns the releases of a run with their IDs, or "" if it has no target.
func releases(r rollout.Result) string {
	if r.Target == "" {
		return ""
	}
	of := " of "
	if r.Verb == release.Rollback {
		of = " to "
	}
	text := nouns[r.Verb] + of + described(rollout.Version{ID: r.Target, Version: r.Version, Revision: r.Revision})
	if before := r.Previous; before.ID != "" && before.ID != r.Target {
		before.Revision = "" // it is not needed to go back
		text += "; before: " + described(before)
	}
	return text
}

func described(v rollout.Version) string {
	var parts []string
	if v.Version != "" {
		parts = append(parts, "version "+v.Version)
	}
	if v.Revision != "" {
		parts = append(parts, "revision "+short(v.Revision))
	}
	if len(parts) == 0 {
		return string(v.ID)
	}
	return fmt.Sprintf("%s (%s)", v.ID, strings.Join(parts, ", "))
}

func writeTable(b *strings.Builder, r rollout.Result) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tOUTCOME\tBEFORE\tNOW\tTOOK")
	cell := cells(r)
	for _, h := range r.Hosts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.Host, outcome(h), cell(h.Before), cell(h.After), took(h))
	}
	w.Flush()
}

// cells returns how a narrow table names releases: by their versions if these tell
// which release it is, and by their IDs otherwise. The line above the table has
// both.
func cells(r rollout.Result) func(release.ID) string {
	version := func(id release.ID) string {
		if id == "" {
			return "-"
		}
		return known(id, r).Version
	}
	for _, h := range r.Hosts {
		for _, id := range []release.ID{h.Before, h.After} {
			if v := version(id); v == "" || v != "-" && versionOf(known(id, r), r) != v {
				return dash
			}
		}
	}
	return version
}

// known returns what a run knows about a release.
func known(id release.ID, r rollout.Result) rollout.Version {
	for _, v := range releasesOf(r) {
		if id != "" && v.ID == id {
			return v
		}
	}
	return rollout.Version{ID: id}
}

// JSON returns the values for a script.
func (r Rollout) JSON() (string, error) { return r.values().json() }

// Outputs returns the values for later steps.
func (r Rollout) Outputs() (map[string]string, error) { return r.values().outputs() }

// remarks returns the remarks on the run as a whole.
func remarks(r rollout.Result) []string {
	var lines []string
	switch {
	case r.Became == rollout.BecamePartial:
		lines = append(lines, r.Notice)
	case r.Notice != "":
		lines = append(lines, "Nothing was deployed: "+r.Notice)
	}
	if r.Migrated != "" {
		lines = append(lines, fmt.Sprintf("Migrations of %s were started on %s, before the first switch. Whatever becomes of the release, they are not taken back.", r.Target, r.Migrated))
	}
	if len(r.MigratedSince) > 0 {
		var ids []string
		for _, id := range r.MigratedSince {
			ids = append(ids, string(id))
		}
		lines = append(lines, fmt.Sprintf("Migrations of %s were started since %s ran. A rollback does not take them back: the database is as they left it.", strings.Join(ids, ", "), r.Target))
	}
	if len(r.Plan) > 0 {
		lines = append(lines, "A dry run: nothing was changed. On each host it would:")
		for _, step := range r.Plan {
			lines = append(lines, "- "+step)
		}
	}
	return lines
}

// clipped cuts long lines, such as those of a crash report: the reason is at
// the beginning, and the host has the rest.
func clipped(lines []string) []string {
	const most = 300 // runes
	short := make([]string, len(lines))
	for i, line := range lines {
		if short[i] = line; utf8.RuneCountInString(line) > most {
			short[i] = string([]rune(line)[:most]) + " [...]"
		}
	}
	return short
}

func dash(id release.ID) string {
	if id == "" {
		return "-"
	}
	return string(id)
}

func took(h host.Result) string {
	if h.Took == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", h.Took.Seconds())
}
