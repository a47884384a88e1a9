// Package report turns results into what people and later workflow steps read:
// lines for a terminal, Markdown for a job summary, outputs.
//
// It is pure: results in, text out. It does not know where the text goes.
package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// Headline says in one line how a rollout ended; err is the rollout's.
func Headline(r rollout.Result, err error) string {
	verb, what := "Deploy", fmt.Sprintf("of %s", describe(r))
	if r.Verb == release.Rollback {
		verb, what = "Rollback", fmt.Sprintf("to %s", describe(r))
	}
	if r.Target == "" {
		what = ""
	}
	ended := " succeeded"
	if err != nil {
		ended = " failed"
	}
	return strings.TrimSpace(verb+" "+what) + ended
}

func describe(r rollout.Result) string {
	if r.Version == "" {
		return string(r.Target)
	}
	return fmt.Sprintf("%s (version %s, revision %.12s)", r.Target, r.Version, r.Revision)
}

// beyond is what the rollout's error says that no host's problem says.
func beyond(r rollout.Result, err error) string {
	if err == nil {
		return ""
	}
	said := map[string]bool{}
	for _, h := range r.Hosts {
		for line := range strings.Lines(h.Host + ": " + h.Problem) {
			said[strings.TrimRight(line, "\n")] = true
		}
	}
	var rest []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimRight(line, "\n"); !said[line] {
			rest = append(rest, line)
		}
	}
	return strings.Join(rest, "\n")
}

// Text is the result for a terminal or a log, which show the rollout's error
// themselves.
func Text(r rollout.Result) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tOUTCOME\tBEFORE\tNOW\tTOOK")
	for _, h := range r.Hosts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.Host, h.Outcome, dash(h.Before), dash(h.After), took(h))
	}
	w.Flush()
	for _, h := range r.Hosts {
		if h.Problem != "" {
			fmt.Fprintf(&b, "%s: %s\n", h.Host, h.Problem)
		}
		if len(h.UnitLog) > 0 {
			fmt.Fprintf(&b, "%s: the unit log says:\n  %s\n", h.Host, strings.Join(clipped(h.UnitLog), "\n  "))
		}
	}
	return b.String()
}

// Markdown is the result for a job summary.
func Markdown(r rollout.Result, err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", cell(Headline(r, err)))
	if reason := beyond(r, err); reason != "" {
		b.WriteString(Fenced(reason) + "\n")
	}
	if len(r.Hosts) > 0 {
		b.WriteString("| Host | Outcome | Before | Now | Took |\n|---|---|---|---|---|\n")
	}
	for _, h := range r.Hosts {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(h.Host), mark(h)+" "+string(h.Outcome), cell(dash(h.Before)), cell(dash(h.After)), took(h))
	}
	for _, h := range r.Hosts {
		if h.Problem != "" {
			fmt.Fprintf(&b, "\n**%s**\n%s", cell(h.Host), Fenced(h.Problem))
		}
		if len(h.UnitLog) > 0 {
			fmt.Fprintf(&b, "\nThe unit log of %s:\n%s", cell(h.Host), Fenced(strings.Join(clipped(h.UnitLog), "\n")))
		}
	}
	return b.String()
}

// FailureMarkdown is any other failure for a job summary.
func FailureMarkdown(title string, err error) string {
	return fmt.Sprintf("### %s failed\n%s", title, Fenced(err.Error()))
}

// Outputs is what a rollout hands to later steps.
func Outputs(r rollout.Result) map[string]string {
	return map[string]string{
		"release-id": string(r.Target), "version": r.Version, "revision": r.Revision,
		"previous-release-id": string(previous(r.Hosts)),
	}
}

// previous is what most hosts ran before; of equally many, the newest.
func previous(hosts []rollout.HostResult) release.ID {
	votes := map[release.ID]int{}
	var most release.ID
	for _, h := range hosts {
		votes[h.Before]++
		if n := votes[h.Before] - votes[most]; n > 0 || n == 0 && h.Before > most {
			most = h.Before
		}
	}
	return most
}

// Releases is what lies on the hosts, for a terminal.
func Releases(listings []rollout.Listing) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tRELEASE\tVERSION\tREVISION\tLIVE SINCE\tBY\tSTATE")
	for _, l := range listings {
		if l.Problem == "" && len(l.Releases) == 0 {
			fmt.Fprintf(w, "%s\t-\t\t\t\t\tno releases\n", l.Host)
		}
		for _, r := range l.Releases {
			fmt.Fprintf(w, "%s\t%s\t%s\t%.12s\t%s\t%s\t%s\n", l.Host, r.ID, r.Change.Version, r.Change.Revision, since(r.Change), r.Change.Who, state(r))
		}
	}
	w.Flush()
	return b.String()
}

func since(c release.Change) string {
	if c.At.IsZero() {
		return "never"
	}
	return c.At.UTC().Format("2006-01-02 15:04:05Z")
}

func state(r rollout.Listed) string {
	var words []string
	if r.Current {
		words = append(words, "current")
	}
	if r.Running {
		words = append(words, "running")
	}
	if r.Next {
		words = append(words, "a rollback goes here")
	}
	return strings.Join(words, ", ")
}

// clipped cuts lines such as a crash report's: the reason stands at the
// beginning, and the host has the rest.
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

func took(h rollout.HostResult) string {
	if h.Took == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", h.Took.Seconds())
}

func mark(h rollout.HostResult) string {
	switch h.Outcome {
	case rollout.Live, rollout.Unchanged:
		return "✅"
	case rollout.Reverted:
		return "↩️"
	case rollout.Skipped:
		return "⏸️"
	}
	if h.Problem == "" {
		return "⏸️"
	}
	return "❌"
}

// cell keeps a value inside of its table cell and out of the Markdown.
func cell(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "`", "'", "@", "@\u200b", "*", `\*`, "_", `\_`, "[", `\[`).Replace(s)
}

// Fenced shows text of any origin as it is: the fence is longer than any run of
// backticks in it.
func Fenced(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fmt.Sprintf("\n%s\n%s\n%s\n", fence, strings.TrimRight(text, "\n"), fence)
}
