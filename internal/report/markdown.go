package report

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCode is the largest number of runes of a value in a line or a cell.
const maxCode = 200

// code returns any value as a code span for a line or a table cell. Mentions,
// references, links and HTML in it have no effect. Characters that would end
// the span or the cell are replaced by similar ones.
func code(s string) string {
	s = clip(strings.TrimSpace(strings.Map(shown, s)), maxCode)
	if s == "" {
		return "-"
	}
	return "`" + s + "`"
}

// shown drops invisible characters: line breaks, controls and those that change
// the direction of a text. It replaces characters that end code spans and
// cells.
func shown(r rune) rune {
	switch {
	case r == '`':
		return 'ˋ'
	case r == '|':
		return '¦'
	case unicode.IsSpace(r):
		return ' '
	case r == utf8.RuneError, unicode.In(r, unicode.C, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

// link returns a value as a link, or the value alone if there is no URL.
func link(s, url string) string {
	if url == "" || s == "" {
		return code(s)
	}
	return "[" + code(s) + "](" + url + ")"
}

// fenced returns any text as a code block. The fence is longer than any run of
// backticks in the text.
func fenced(text string) string { return fencedAs("", text) }

// fencedAs returns a code block in a language.
func fencedAs(language, text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == utf8.RuneError, unicode.In(r, unicode.C, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, text)
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fmt.Sprintf("\n%s%s\n%s\n%s\n", fence, language, strings.TrimRight(text, "\n"), fence)
}

// maxWidth is how many characters of a code block GitHub shows on a line of a page
// of 1,000 pixels. It does not wrap lines there.
const maxWidth = 108

// wrapped breaks long lines, between two words if it can.
func wrapped(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		for utf8.RuneCountInString(line) > maxWidth {
			head := string([]rune(line)[:maxWidth])
			if at := strings.LastIndexByte(head, ' '); at > len(head)/2 {
				head = head[:at]
			}
			lines = append(lines, head)
			line = "  " + strings.TrimPrefix(line[len(head):], " ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// folded returns Markdown behind a line that opens it. The title is a text of
// Slipway; the value may be anything.
func folded(title, value, markdown string, open bool) string {
	attribute := ""
	if open {
		attribute = " open"
	}
	if value != "" {
		title += " <code>" + html.EscapeString(clip(strings.Map(shown, value), maxCode)) + "</code>"
	}
	return fmt.Sprintf("\n<details%s><summary>%s</summary>\n%s\n</details>\n", attribute, title, markdown)
}

// clip cuts a text to a number of runes.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// clipBytes cuts a text to a number of bytes, at the end of a line if possible.
func clipBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = strings.ToValidUTF8(s[:most], "")
	if at := strings.LastIndexByte(s, '\n'); at > 0 {
		s = s[:at]
	}
	return s + "\n[...] the log has the rest"
}
