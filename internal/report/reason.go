package report

import (
	"cmp"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/words"
)

// Bounds of a reason in a headline, in runes: hosts and what is wrong with them.
const (
	maxShort = 120
	maxFew   = 50
)

// because returns the reason for a headline: the hosts and what is wrong with them,
// or what concerns the run as a whole.
func because(r Rollout) string {
	all := problems(r.Hosts)
	own := len(all) > 0 && !all[0].follows
	switch reason := beyond(r); {
	case own || len(all) > 0 && reason == "":
		hosts := few(all[0].of)
		return ": " + hosts + ": " + clipWords(shortReason(all[0].of[0]), maxShort-utf8.RuneCountInString(hosts)-2)
	case reason != "":
		return ": " + shortened(reason)
	case r.Err != nil:
		return ": the run gave no reason"
	}
	return ""
}

// shortReason returns why a host did not reach its target, with what its unit log says of
// the cause, in at most maxShort runes.
func shortReason(h host.Result) string {
	reason := shortened(cmp.Or(h.Short, h.Problem))
	if h.Cause != "" && !strings.Contains(reason, h.Cause) {
		reason += ": " + h.Cause
	}
	return clipWords(reason, maxShort)
}

var (
	// howLong is the part of a problem that says how long the run has waited.
	howLong = regexp.MustCompile(`^not proved within \S+ \([^)]*\): `)
	// here is the part of a URL that is the same on all hosts.
	here = regexp.MustCompile(`(?:GET )?https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?/`)
)

// shortened returns the first clause of a text.
func shortened(text string) string {
	line := howLong.ReplaceAllString(firstLine(text), "")
	line = here.ReplaceAllString(line, "/")
	for _, end := range []string{"; ", ", not "} {
		line, _, _ = strings.Cut(line, end)
	}
	return clipWords(line, maxShort)
}

// clipWords cuts a text to a number of runes, between two words if it can.
func clipWords(s string, most int) string {
	short := clip(s, most)
	if at := strings.LastIndexByte(short, ' '); short != s && at > len(short)/2 {
		short = strings.TrimRight(short[:at], " ,:;") + "…"
	}
	return short
}

// few returns the names of some hosts, or the first name and how many more there
// are.
func few(hosts []host.Result) string {
	if names := hostNames(hosts); len(hosts) <= 3 && utf8.RuneCountInString(names) <= maxFew {
		return names
	}
	first := clip(hosts[0].Host, maxFew)
	if len(hosts) == 1 {
		return first
	}
	return first + " and " + words.Count(len(hosts)-1, "more host")
}
