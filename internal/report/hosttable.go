package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/rollout"
)

// columns are the phases as the table of hosts shows them. Some columns have
// several phases.
var columns = []struct {
	title  string
	phases []string
}{
	{"Look", []string{host.PhaseConnect, host.PhaseLock, host.PhaseInspect}},
	{"Repair", []string{host.PhaseRepair}},
	{"Stage", []string{host.PhaseStage, host.PhaseVerify}},
	{"Hooks", []string{host.PhaseBefore, host.PhaseAfter}},
	{"Switch", []string{host.PhaseSwitch}},
	{"Prove", []string{host.PhaseProve}},
	{"Go back", []string{host.PhaseGoBack}},
}

func writeHosts(b *strings.Builder, r rollout.Result) {
	if len(r.Hosts) == 0 {
		return
	}
	hosts, rest := worstFirst(r.Hosts)
	used := usedColumns(hosts)
	b.WriteString("\n| Host | Outcome | Health | Now |")
	for _, i := range used {
		fmt.Fprintf(b, " %s |", unbroken(columns[i].title))
	}
	b.WriteString(" Before |\n|---|---|---|---|" + strings.Repeat("--:|", len(used)) + "---|\n")
	for _, h := range hosts {
		fmt.Fprintf(b, "| %s | %s | %s | %s |", code(h.Host), unbroken(mark(h)+" "+string(h.Outcome)), health(h), code(string(h.After)))
		for _, i := range used {
			fmt.Fprintf(b, " %s |", unbroken(spentIn(h, columns[i].phases)))
		}
		fmt.Fprintf(b, " %s |\n", code(string(h.Before)))
	}
	if rest > 0 {
		fmt.Fprintf(b, "\n%s more are in the log.\n", counted(rest, "host"))
	}
	if proved := proofs(r.Hosts); len(proved) > 0 {
		fmt.Fprintf(b, "\nProved on %s: %s\n", code(proved[0].hosts), inline(clip(proved[0].text, 1000)))
	}
}

// worstFirst returns all hosts in their order if they are few. Of many it
// returns those with problems first, as many as there is room for.
func worstFirst(hosts []host.Result) (shown []host.Result, rest int) {
	if len(hosts) <= aGlance {
		return hosts, 0
	}
	sorted := slices.Clone(hosts)
	slices.SortStableFunc(sorted, func(a, b host.Result) int { return weight(a) - weight(b) })
	rows := min(len(sorted), maxRows)
	return sorted[:rows], len(sorted) - rows
}

// aGlance is how many rows a reader takes in at once.
const aGlance = 15

func weight(h host.Result) int {
	switch {
	case h.Outcome == host.Failed, h.Outcome == host.GoingBack:
		return 0
	case len(h.UnitLog) > 0: // its failure took the others back
		return 1
	case h.Problem != "":
		return 2
	}
	return 3
}

func usedColumns(hosts []host.Result) (used []int) {
	for i, c := range columns {
		if slices.ContainsFunc(hosts, func(h host.Result) bool { return spentIn(h, c.phases) != "" }) {
			used = append(used, i)
		}
	}
	return used
}

// spentIn returns the time that a host spent in some phases, or "" if it had
// none of them.
func spentIn(h host.Result, phases []string) string {
	var sum time.Duration
	been := false
	for _, p := range h.Phases {
		if slices.Contains(phases, p.Name) {
			sum, been = sum+p.Took, true
		}
	}
	if !been {
		return ""
	}
	return span(sum)
}

// health says whether the running release is proved to work. The text below the
// table says how, and the text above it names the problems.
func health(h host.Result) string {
	switch {
	case h.Outcome == host.Live, h.Outcome == host.Unchanged, h.Outcome == host.Reverted:
		return "proved"
	case h.Outcome == host.Failed, h.Outcome == host.GoingBack:
		return "unknown"
	}
	return "-"
}

// unbroken returns a text that stays on one line of a cell.
func unbroken(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

func mark(h host.Result) string {
	switch h.Outcome {
	case host.Live, host.Unchanged:
		return "✅"
	case host.Staged:
		return "📦"
	case host.Reverted, host.GoingBack:
		return "↩️"
	case host.Skipped:
		return "⏸️"
	}
	if h.Problem == "" {
		return "⏸️"
	}
	return "❌"
}
