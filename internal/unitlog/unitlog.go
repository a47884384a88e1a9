// Package unitlog finds the line of an application's log that says why it does not
// work.
//
// It knows the log formats of Elixir and Erlang, and JSON. It does not know where the
// lines come from, or who reads them.
package unitlog

// entry is one event of a log: a line, and the lines that belong to it, such as a
// stack trace.
type entry struct{ lines []line }

func (e entry) head() line { return e.lines[0] }

// grave reports whether the entry is an error or a crash report.
func (e entry) grave() bool { return e.head().level == errorLevel }

// entries divides a log into its events.
func entries(lines []string) []entry {
	var all []entry
	for _, text := range lines {
		l := parsed(text)
		if l.text == "" {
			continue
		}
		if last := len(all) - 1; last >= 0 && l.continues(all[last]) {
			all[last].lines = append(all[last].lines, l)
			continue
		}
		all = append(all, entry{[]line{l}})
	}
	return all
}
