package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// Bounds of a job summary. GitHub shows no summary above 1 MiB. The log shows
// everything.
const (
	maxRows     = 300 // hosts
	maxProblems = 30
	maxText     = 8 << 10 // bytes of one text
)

// Markdown returns the result for a job summary: what happened, what is wrong
// and what to do, every host, and how long each phase took.
func (r Rollout) Markdown(p Place) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", badge(r), inline(headline(r, p)))
	if line := facts(r.Result, p); line != "" {
		b.WriteString(line + "\n")
	}
	if reason := beyond(r); reason != "" {
		b.WriteString(fenced(wrapped(clipBytes(reason, maxText))))
	}
	if said := remarks(r.Result); len(said) > 0 {
		b.WriteString(fenced(wrapped(clipBytes(strings.Join(said, "\n"), maxText))))
	}
	writeProblems(&b, r.Result)
	if text := advice(r); text != "" {
		fmt.Fprintf(&b, "\n> %s\n", inline(text))
	}
	if back := goingBack(r.Result, p); back != "" {
		b.WriteString("\n" + back + "\n")
	}
	writeHosts(&b, r.Result)
	if line := lookInside(r.Result, p); line != "" {
		b.WriteString("\n" + line + "\n")
	}
	if times := timeline(r.Result) + phaseTable(r.Result); times != "" {
		b.WriteString(folded("How long each phase took", "", times, false))
	}
	return b.String()
}

// badge returns the first line that a reader sees.
func badge(r Rollout) string {
	switch {
	case r.Err != nil:
		return "❌"
	case r.Became == rollout.BecamePartial:
		return "⚠️"
	case r.Became == rollout.BecameSuperseded, r.Became == rollout.BecamePlan:
		return "⏸️"
	case r.Verb == release.Rollback, r.Verb == release.Revert:
		return "↩️"
	}
	return "✅"
}

// facts returns one line: the release, its commit, and the release before.
func facts(r rollout.Result, p Place) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if r.Version != "" {
		add("Version %s", code(r.Version))
	}
	if r.Target != "" {
		add("release %s", code(string(r.Target)))
	}
	if r.Revision != "" {
		add("revision %s", link(short(r.Revision), p.commit(r.Revision)))
	}
	if before := r.Previous; before.ID != "" && before.ID != r.Target {
		text := "before: " + versionAndID(before)
		if url := p.comparison(before.Revision, r.Revision); url != "" {
			text += " ([what changed](" + url + "))"
		}
		add("%s", text)
	}
	if r.Took > 0 {
		add("%s", span(r.Took))
	}
	return strings.Join(parts, " · ")
}

func short(revision string) string { return fmt.Sprintf("%.12s", revision) }

// span returns a duration for people.
func span(d time.Duration) string {
	if d < 100*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

func writeProblems(b *strings.Builder, r rollout.Result) {
	all := slices.DeleteFunc(problems(r.Hosts), func(p said) bool { return p.follows }) // the table says that much
	for i, p := range all {
		if i == maxProblems {
			fmt.Fprintf(b, "\n%d more kinds of problems: see the log.\n", len(all)-i)
			return
		}
		fmt.Fprintf(b, "\n**%s**\n%s", code(p.hosts), fenced(wrapped(clipBytes(p.text, maxText))))
		if len(p.unitLog) > 0 {
			text := clipBytes(strings.Join(clipped(p.unitLog), "\n"), maxText)
			b.WriteString(folded("The unit log of", p.hosts, fenced(wrapped(text)), i == 0))
		}
	}
}

// goingBack returns how to undo the run.
func goingBack(r rollout.Result, p Place) string {
	url := p.rollback()
	switch {
	case url == "" || r.Became != rollout.BecameLive && r.Became != rollout.BecamePartial:
		return ""
	case r.Verb == release.Rollback:
		return fmt.Sprintf("**To go forward again:** deploy, or [run the rollback workflow](%s) with the release ID %s.", url, code(string(r.Previous.ID)))
	case r.Previous.ID == "":
		return ""
	}
	return fmt.Sprintf("**To go back:** [run the rollback workflow](%s). Without a release ID it goes to the one before, %s.", url, code(string(r.Previous.ID)))
}

// failure returns a failure without further details, for a job summary.
func failure(title string, err error) string {
	return fmt.Sprintf("### ❌ %s failed: %s\n%s", title, inline(shortened(err.Error())), fenced(wrapped(clipBytes(err.Error(), maxText))))
}

// inline returns a text of several words, not a value, for a line of Markdown.
func inline(s string) string {
	s = strings.Map(shown, s)
	return alive.Replace(s)
}

// alive replaces the characters that have a meaning for Markdown and GitHub in
// plain text.
var alive = strings.NewReplacer(`\`, `\\`, "<", "&lt;", "&", "&amp;", "@", "@\u200b", "#", "#\u200b", "*", `\*`, "_", `\_`, "[", `\[`, "~", `\~`, "://", ":\u200b//", "www.", "www\u200b.",
	"GH-", "GH\u200b-", "gh-", "gh\u200b-", "Gh-", "Gh\u200b-", "gH-", "gH\u200b-")
