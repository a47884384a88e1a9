package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/words"
)

// maxSections limits the hosts in the chart. Nobody reads more lines, and
// GitHub draws no chart of more than 50,000 characters.
const maxSections = 40

// Sizes of the chart as GitHub draws it, in pixels.
const (
	chartWidth = 750 // of the bars
	letter     = 6.5
	maxLabel   = 35 // letters of a host's name beside the bars
)

// chartZero is the start of the chart. Mermaid cannot count from zero. It reads
// and shows times in the same zone, the reader's.
var chartZero = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// timeline returns a Gantt chart in Mermaid's language with a line for each
// host.
func timeline(r rollout.Result) string {
	hosts := charted(r.Hosts)
	var total time.Duration
	longest := 0
	for _, h := range hosts {
		total, longest = max(total, ends(h)), max(longest, len([]rune(label(h.Host))))
	}
	var bars strings.Builder
	for _, h := range hosts {
		writeBars(&bars, h, total)
	}
	if bars.Len() == 0 {
		return ""
	}
	note := ""
	if len(hosts) < len(r.Hosts) {
		note = fmt.Sprintf("\nOf %s, those that failed and those that took the longest.\n", words.Count(len(r.Hosts), "host"))
	}
	return fmt.Sprintf("%s\n```mermaid\n---\ndisplayMode: compact\nconfig:\n  gantt:\n    leftPadding: %d\n---\ngantt\n    dateFormat YYYY-MM-DDTHH:mm:ss.SSS\n    axisFormat %s\n    todayMarker off\n%s```\n",
		note, 20+int(letter*float64(longest)), axis(total), bars.String())
}

func axis(total time.Duration) string {
	switch {
	case total < 5*time.Second:
		return "%S.%L"
	case total < time.Hour:
		return "%M:%S"
	}
	return "%H:%M:%S"
}

// bar is a phase in the chart.
type bar struct {
	name       string
	begin, end time.Duration
	failed     bool
}

func writeBars(b *strings.Builder, h host.Result, total time.Duration) {
	bars := barsOf(h.Phases)
	if len(bars) > 0 {
		fmt.Fprintf(b, "    section %s\n", label(h.Host))
	}
	for _, bar := range bars {
		name := bar.name
		if float64(bar.end-bar.begin)/float64(total)*chartWidth < letter*float64(len(name))+5 {
			name = "\u2060" // an invisible name: it would cover the next bar
		}
		fmt.Fprintf(b, "    %s :%s, %s, %dms\n", name, bar.tag(), chartZero.Add(bar.begin).Format("2006-01-02T15:04:05.000"), (bar.end - bar.begin).Milliseconds())
	}
}

func (b bar) tag() string {
	switch {
	case b.failed:
		return "crit"
	case b.name == "switch" || b.name == "prove":
		return "active"
	}
	return "done"
}

// barsOf joins phases like the columns of the table. Mermaid draws bars on two
// lines even if they overlap by only a millisecond.
func barsOf(phases []host.Phase) (bars []bar) {
	for _, p := range phases {
		name := column(p.Name)
		begin, end := p.Began.Truncate(time.Millisecond), (p.Began + p.Took).Truncate(time.Millisecond)
		last := len(bars) - 1
		if name == "" || end <= begin {
			continue
		}
		if last >= 0 && bars[last].name == name {
			bars[last].end, bars[last].failed = max(bars[last].end, end), bars[last].failed || p.Failed
			continue
		}
		if last >= 0 {
			begin = max(begin, bars[last].end)
		}
		if end > begin {
			bars = append(bars, bar{name, begin, end, p.Failed})
		}
	}
	return bars
}

// column returns the column of a phase, or "" if it has none.
func column(phase string) string {
	for _, c := range columns {
		if slices.Contains(c.phases, phase) {
			return strings.ToLower(c.title)
		}
	}
	return ""
}

// charted returns the hosts in the chart, in their order.
func charted(hosts []host.Result) []host.Result {
	if len(hosts) <= maxSections {
		return hosts
	}
	sorted := slices.Clone(hosts)
	slices.SortStableFunc(sorted, func(a, b host.Result) int {
		return cmp.Or(weight(a)-weight(b), cmp.Compare(ends(b), ends(a)))
	})
	return sorted[:maxSections]
}

func ends(h host.Result) (last time.Duration) {
	for _, p := range h.Phases {
		last = max(last, p.Began+p.Took)
	}
	return last
}

// label returns a host's name in letters without a meaning for Mermaid.
func label(s string) string {
	s = clip(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.@:[]", r) {
			return r
		}
		return '_'
	}, s), maxLabel)
	return cmp.Or(s, "_")
}
