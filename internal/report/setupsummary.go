package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/setup"
	"github.com/apxr/slipway/internal/words"
)

// Bounds of a setup in a summary. The log shows everything.
const (
	maxChanges    = 100       // of one server
	maxSetupText  = 400 << 10 // bytes of changes and differences
	maxDifference = 16 << 10  // bytes of one difference
)

// Markdown returns the result for a job summary.
func (r Setup) Markdown(p Place) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", setupBadge(r), setupTitle(r, p))
	if r.Took > 0 {
		fmt.Fprintf(&b, "%s · %s\n", words.Count(len(r.Hosts), "server"), span(r.Took))
	}
	if r.Err != nil && (r.Cancelled || !writeFailures(&b, r.Result)) {
		b.WriteString(fenced(clipBytes(r.Err.Error(), maxText)))
	}
	if r.Err != nil && !r.Cancelled {
		b.WriteString("\n> When that is mended, run the setup again: it is safe to repeat.\n")
	}
	writeServers(&b, r.Result)
	for _, n := range notices(r.Result) {
		b.WriteString("\n" + fenced(clipBytes(n, maxText)))
	}
	writeChanges(&b, r.Result)
	return b.String()
}

func setupBadge(r Setup) string {
	switch {
	case r.Err != nil:
		return "❌"
	case r.Check && r.Changes() > 0:
		return "⏸️"
	}
	return "✅"
}

func setupTitle(r Setup, p Place) string {
	title := "Setup"
	if r.Check {
		title = "Check of the setup"
	}
	if p.App != "" {
		title += " of " + code(p.App)
	}
	return title + " " + setupEnded(r)
}

// writeFailures writes the failures, each with all servers that failed with the
// same text. It reports whether there were any.
func writeFailures(b *strings.Builder, r setup.Result) bool {
	var order []string
	servers := map[string][]string{}
	for _, h := range r.Hosts {
		for _, t := range h.Tasks {
			if !t.Bad() {
				continue
			}
			what := t.Title() + "\x00" + t.Message
			if servers[what] == nil {
				order = append(order, what)
			}
			servers[what] = append(servers[what], h.Name)
		}
	}
	for i, what := range order {
		if i == maxProblems {
			fmt.Fprintf(b, "\n%d more kinds of failures: see the log.\n", len(order)-i)
			break
		}
		title, message, _ := strings.Cut(what, "\x00")
		fmt.Fprintf(b, "\n**%s** %s\n%s", code(namesOf(servers[what])), code(title), fenced(clipBytes(message, maxText)))
	}
	return len(order) > 0
}

func namesOf(servers []string) string {
	const most = 5
	if len(servers) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(servers[:most], ", "), len(servers)-most)
	}
	return strings.Join(servers, ", ")
}

// writeServers writes the servers, those with problems first.
func writeServers(b *strings.Builder, r setup.Result) {
	if len(r.Hosts) == 0 {
		return
	}
	hosts := slices.Clone(r.Hosts)
	slices.SortStableFunc(hosts, func(a, b setup.Host) int { return setupTrouble(a) - setupTrouble(b) })
	b.WriteString("\n| Server | Outcome | Changes | Tasks that are well |\n|---|---|---|---|\n")
	for i, h := range hosts {
		if i == maxRows {
			fmt.Fprintf(b, "\n%d more servers: see the log.\n", len(hosts)-i)
			return
		}
		fmt.Fprintf(b, "| %s | %s | %d | %d |\n", code(h.Name), setupWords[h.Outcome], h.Changed, h.OK)
	}
}

func setupTrouble(h setup.Host) int {
	switch h.Outcome {
	case setup.Ready:
		return 3
	case setup.Changed, setup.WouldChange:
		return 2
	case setup.NotFinished:
		return 1
	}
	return 0
}

// writeChanges writes the changes of each server, with differences where they
// are known.
func writeChanges(b *strings.Builder, r setup.Result) {
	left := maxSetupText
	for _, h := range r.Hosts {
		if h.Changed == 0 {
			continue
		}
		title := "Changes on"
		if r.Check {
			title = "Changes to make on"
		}
		text := folded(title, h.Name, changesOf(h), len(r.Hosts) == 1)
		if left -= len(text); left < 0 {
			fmt.Fprintf(b, "\nThe changes on %s and on the servers after it: see the log.\n", code(h.Name))
			return
		}
		b.WriteString(text)
	}
}

func changesOf(h setup.Host) string {
	var b strings.Builder
	n := 0
	for _, t := range h.Tasks {
		if t.Status != setup.TaskChanged {
			continue
		}
		if n++; n > maxChanges {
			fmt.Fprintf(&b, "\n%d more changes: see the log.\n", h.Changed-maxChanges)
			break
		}
		fmt.Fprintf(&b, "\n- %s\n", code(t.Title()))
		for _, d := range t.Diff {
			b.WriteString(fencedAs("diff", clipBytes(difference(d), maxDifference)))
		}
	}
	return b.String()
}
