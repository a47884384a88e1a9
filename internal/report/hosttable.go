package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/words"
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
	b.WriteString("\n| Host | Outcome | Runs now | Ran before |\n|---|---|---|---|\n")
	for _, h := range hosts {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", code(h.Host), unbroken(mark(h)+" "+outcome(h)), versionAndID(known(h.After, r)), versionAndID(known(h.Before, r)))
	}
	if rest > 0 {
		fmt.Fprintf(b, "\n%s more are in the log.\n", words.Count(rest, "host"))
	}
	if proved := proofs(r.Hosts); len(proved) > 0 {
		fmt.Fprintf(b, "\nProved on %s: %s\n", code(proved[0].hosts), inline(clip(proved[0].text, 1000)))
	}
}

// versionAndID returns a release for a cell.
func versionAndID(v rollout.Version) string { return named(v.Version, string(v.ID)) }

// named returns a release by its version, then its ID. If there is no room for both
// on a line, the ID is on the next.
func named(version, id string) string {
	if version == "" {
		return code(id)
	}
	return code(version) + " " + code(id)
}

// phaseTable returns how long each host took for each phase, or "".
func phaseTable(r rollout.Result) string {
	hosts, _ := worstFirst(r.Hosts)
	used := usedColumns(hosts)
	if len(used) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n| Host |")
	for _, i := range used {
		fmt.Fprintf(&b, " %s |", unbroken(columns[i].title))
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(used)) + "\n")
	for _, h := range hosts {
		fmt.Fprintf(&b, "| %s |", code(h.Host))
		for _, i := range used {
			fmt.Fprintf(&b, " %s |", unbroken(spentIn(h, columns[i].phases)))
		}
		b.WriteString("\n")
	}
	return b.String()
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
	case ownFailure(h): // it may have taken the others back
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

// unbroken returns a text that stays on one line of a cell.
func unbroken(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

// ownFailure reports whether a host has a problem of its own. Other hosts only
// suffer from that of another one, or from the end of the run.
func ownFailure(h host.Result) bool {
	switch {
	case h.Outcome == host.Failed:
		return true
	case h.Problem == "" || h.Kind == host.Cancelled:
		return false
	}
	return h.Kind != "" || len(h.UnitLog) > 0 || h.Outcome == host.Untouched
}

// outcome returns how a run ended on a host. Of the hosts that were put back it
// tells the ones that failed.
func outcome(h host.Result) string {
	if h.Outcome == host.Reverted && ownFailure(h) {
		return "failed, " + string(h.Outcome)
	}
	return string(h.Outcome)
}

func mark(h host.Result) string {
	if ownFailure(h) {
		return "❌"
	}
	switch h.Outcome {
	case host.Live, host.Unchanged:
		return "✅"
	case host.Staged:
		return "📦"
	case host.Reverted, host.GoingBack:
		return "↩️"
	}
	return "⏸️"
}
