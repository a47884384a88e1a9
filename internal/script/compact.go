package script

import (
	"regexp"
	"strings"
)

var hereDocument = regexp.MustCompile(`<<-?'?([A-Z]+)'?`)

// compact returns a script without comments on lines of their own, empty lines
// and indentation: a third of what would be sent. Here-documents stay as they
// are.
func compact(text string) string {
	var b strings.Builder
	end := "" // of the here-document that this line is in
	for line := range strings.Lines(text) {
		short := strings.TrimLeft(line, " \t")
		switch {
		case end != "":
			b.WriteString(line)
			if strings.TrimSpace(line) == end {
				end = ""
			}
			continue
		case strings.TrimSpace(short) == "" || strings.HasPrefix(short, "#"):
			continue
		}
		if m := hereDocument.FindStringSubmatch(short); m != nil {
			end = m[1]
		}
		b.WriteString(short)
	}
	return b.String()
}
