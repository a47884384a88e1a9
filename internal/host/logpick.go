package host

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/words"
)

// Bounds of what is shown of a unit log.
const (
	messageLines = 8  // of one message
	troubleLines = 14 // of warnings and errors, if there is more to show
	maxCause     = 200
)

func urlOf(health *config.Health) *url.URL {
	if health == nil {
		return nil
	}
	return health.URL
}

// picked returns the lines of a unit log that most likely show why a release failed:
// errors and warnings first, then the log from its beginning. Repeats are counted, and
// Slipway's own requests are left out.
func picked(all []message, health *config.Health, most int) []string {
	others, own := withoutOwn(all, urlOf(health))
	folded := foldRepeats(others)
	trouble, rest := troubleFirst(folded)
	shown, left := fitting(trouble, troubleLines)
	if len(rest) > 0 && len(shown) > 0 {
		shown = append(shown, "and from the beginning:")
	}
	more, leftOfRest := fitting(rest, most-len(shown))
	shown = append(shown, more...)
	if left += leftOfRest; left > 0 {
		shown = append(shown, fmt.Sprintf("[...] and %s more", words.Count(left, "message")))
	}
	if own > 0 {
		shown = append(shown, fmt.Sprintf("(without %s about Slipway's own requests of %s)", words.Count(own, "message"), health.URL.EscapedPath()))
	}
	return shown
}

// troubleFirst returns errors before warnings, and all other messages.
func troubleFirst(all []message) (trouble, rest []message) {
	for _, m := range all {
		if m.severity == plain {
			rest = append(rest, m)
		} else {
			trouble = append(trouble, m)
		}
	}
	slices.SortStableFunc(trouble, func(a, b message) int { return int(b.severity - a.severity) })
	return trouble, rest
}

// fitting returns the lines of the first messages, and the number of messages for
// which there is no room.
func fitting(all []message, most int) (lines []string, left int) {
	for i, m := range all {
		own := m.text()
		if len(lines) > 0 && len(lines)+len(own) > most {
			return lines, len(all) - i
		}
		lines = append(lines, own...)
	}
	return lines, 0
}

// text returns the lines of a message as they are shown.
func (m message) text() []string {
	shown := slices.Clone(m.lines)
	if len(shown) > messageLines {
		shown = append(shown[:messageLines], "[...]")
	}
	for i := range shown {
		shown[i] = m.from + shown[i]
	}
	if m.times > 1 {
		shown[0] += fmt.Sprintf(" (%d times)", m.times)
	}
	return shown
}

var changingRE = regexp.MustCompile(`#PID<[^>]*>|#Reference<[^>]*>|request_?id["']?\s*[=:]\s*["']?[\w.=-]+|\b[0-9a-f]{8,}\b|\d+`)

// foldRepeats counts messages that differ only in numbers, times and IDs. The first
// one stays.
func foldRepeats(all []message) (kept []message) {
	first := map[string]int{}
	for _, m := range all {
		key := changingRE.ReplaceAllString(m.from+strings.Join(m.lines, "\n"), "0")
		if at, known := first[key]; known {
			kept[at].times++
			continue
		}
		first[key] = len(kept)
		kept = append(kept, m)
	}
	return kept
}

// causeIn returns what the first error of a unit log says, or "". An error about the
// health URL itself counts more than one before it.
func causeIn(all []message, health *config.Health) string {
	cause := ""
	for _, m := range all {
		if m.severity != bad {
			continue
		}
		about := health != nil && health.URL.Path != "/" && strings.Contains(strings.Join(m.lines, "\n"), " "+health.URL.EscapedPath())
		if said := m.cause(); said != "" && (cause == "" || about) {
			cause = said
			if about {
				break
			}
		}
	}
	return cause
}

// fieldRE matches the text in a message of fields, as JSON or as key=value.
var fieldRE = regexp.MustCompile(`(?:"(?:message|msg|error)"\s*:|\b(?:message|msg|error)=)\s*"((?:[^"\\]|\\.)*)"`)

var beforeTextRE = regexp.MustCompile(`^.*?\[(?i:error|critical|alert|emergency|fatal)\]\s*|^(?:[\d:.,TZ/-]+\s+)+`)

// cause returns what an error says, without what only its place in the log needs.
func (m message) cause() string {
	for _, line := range m.lines {
		raised := raisedRE.FindStringSubmatch(line)
		if raised == nil || raised[2] == "" || raised[1] == "exit" || raised[1] == "stop" || raised[1] == "EXIT" {
			continue
		}
		name := raised[1][strings.LastIndexByte(raised[1], '.')+1:]
		return clipped(name + ": " + raised[2])
	}
	if field := fieldRE.FindStringSubmatch(m.lines[0]); field != nil {
		return clipped(field[1])
	}
	return clipped(strings.TrimSpace(beforeTextRE.ReplaceAllString(m.lines[0], "")))
}

func clipped(text string) string {
	if r := []rune(text); len(r) > maxCause {
		return string(r[:maxCause-1]) + "…"
	}
	return text
}
