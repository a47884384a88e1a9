// Package unitlog finds in the log of a unit why its application does not work: what
// to show of many lines, and the one text that says the cause.
//
// It knows the journal's short format, what systemd logs about a unit, and the log
// formats of Elixir and Erlang, JSON, logfmt and access logs. It does not know where
// the lines come from, or who reads them.
package unitlog

import "strings"

// Line is one line of a log. Its text begins with the process that logged it, as in
// "app[7]: ready"; a further line of one message begins with a space.
type Line struct {
	At   float64 // seconds since 1970; a further line has the time of the first one
	Text string
}

// Log is what was logged since the unit's last start on request.
type Log struct{ entries []entry }

// entry is one event of a log: a line, and the lines that belong to it, such as a
// stack trace.
type entry struct {
	lines []line
	times int // how often it is there
}

func (e entry) head() line { return e.lines[0] }

// grave reports whether the entry is an error or a crash report.
func (e entry) grave() bool { return e.head().level == errorLevel }

func (e entry) text() string {
	texts := make([]string, len(e.lines))
	for i, l := range e.lines {
		texts[i] = l.text
	}
	return strings.Join(texts, "\n")
}

// Read divides a log into its events. It leaves out what was logged before the last
// start that somebody asked for.
func Read(lines []Line) Log {
	var all []entry
	for _, raw := range sinceStart(lines) {
		l := parsed(raw)
		if l.text == "" {
			continue
		}
		if last := len(all) - 1; last >= 0 && l.continues(all[last]) {
			all[last].lines = append(all[last].lines, l)
			continue
		}
		all = append(all, entry{[]line{l}, 1})
	}
	return Log{all}
}
