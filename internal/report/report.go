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
}

// Headline returns how the rollout ended, in one line.
func (r Rollout) Headline() string {
	of := "of "
	if r.Verb == release.Rollback {
		of = "to "
	}
	if r.Target == "" {
		return verbs[r.Verb] + " " + ended(r)
	}
	return verbs[r.Verb] + " " + of + describe(r.Result) + " " + ended(r)
}

// verbs has the names of the runs.
var verbs = map[release.Verb]string{
	release.Deploy: "Deploy", release.Rollback: "Rollback", release.Stage: "Staging", release.Activate: "Activation", release.Revert: "Revert",
}

func ended(r Rollout) string {
	switch {
	case wasCancelled(r):
		return "was cancelled"
	case r.Err != nil:
		return "failed"
	case r.Became == rollout.BecamePartial:
		return "succeeded in part"
	case r.Became == rollout.BecameUnchanged:
		return "had nothing to change"
	case r.Became == rollout.BecameSuperseded:
		return "was superseded"
	case r.Became == rollout.BecamePlan:
		return "would be possible"
	}
	return "succeeded"
}

func describe(r rollout.Result) string {
	if r.Version == "" {
		return string(r.Target)
	}
	return fmt.Sprintf("%s (version %s, revision %.12s)", r.Target, r.Version, r.Revision)
}

// Text returns the result for a terminal or a log. Both show the error
// themselves.
func (r Rollout) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Headline())
	for _, line := range remarks(r.Result) {
		fmt.Fprintln(&b, line)
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tOUTCOME\tBEFORE\tNOW\tTOOK")
	for _, h := range r.Hosts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.Host, h.Outcome, dash(h.Before), dash(h.After), took(h))
	}
	w.Flush()
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
