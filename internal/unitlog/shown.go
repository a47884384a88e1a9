package unitlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/words"
)

const (
	entryLines   = 8  // of one entry
	troubleLines = 14 // of warnings and errors, if there is more to show
)

// Shown returns about as many lines as asked for, which most likely show why the
// application does not work: errors and warnings first, then the log from its
// beginning. Repeats are counted, and requests of Slipway's own that were not answered
// with an error are left out.
func (log Log) Shown(own Request, most int) []string {
	others := own.without(log.entries)
	trouble, rest := troubleFirst(folded(others))
	shown, left := fitting(trouble, troubleLines)
	if len(rest) > 0 && len(shown) > 0 {
		shown = append(shown, "and from the beginning:")
	}
	more, leftOfRest := fitting(rest, most-len(shown))
	shown = append(shown, more...)
	if left += leftOfRest; left > 0 {
		shown = append(shown, fmt.Sprintf("[...] and %s more", words.Count(left, "message")))
	}
	if n := len(log.entries) - len(others); n > 0 {
		path, _, _ := strings.Cut(own.Path, "?")
		shown = append(shown, fmt.Sprintf("(without %s about Slipway's own requests of %s)", words.Count(n, "message"), path))
	}
	return shown
}

// troubleFirst returns errors before warnings, and all other entries.
func troubleFirst(all []entry) (trouble, rest []entry) {
	for _, e := range all {
		if e.head().level >= warningLevel {
			trouble = append(trouble, e)
		} else {
			rest = append(rest, e)
		}
	}
	slices.SortStableFunc(trouble, func(a, b entry) int { return int(b.head().level - a.head().level) })
	return trouble, rest
}

// fitting returns the lines of the first entries, and the number of entries for which
// there is no room.
func fitting(all []entry, most int) (lines []string, left int) {
	for i, e := range all {
		own := e.shown()
		if len(lines) > 0 && len(lines)+len(own) > most {
			return lines, len(all) - i
		}
		lines = append(lines, own...)
	}
	return lines, 0
}

// shown returns the lines of an entry as they are shown.
func (e entry) shown() []string {
	var lines []string
	for _, l := range e.lines {
		lines = append(lines, l.whole)
	}
	if len(lines) > entryLines {
		lines = append(lines[:entryLines], "[...]")
	}
	if e.times > 1 {
		lines[0] += fmt.Sprintf(" (%d times)", e.times)
	}
	return lines
}
