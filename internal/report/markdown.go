package report

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCode is how many runes of a value are shown in a line or a cell.
const maxCode = 200

// code shows a value of any origin in a line or a table cell, as a code span: no
// mention, reference, link or HTML in it is one. What would end the span or the
// cell is shown as a character that looks like it.
func code(s string) string {
	s = clip(strings.TrimSpace(strings.Map(shown, s)), maxCode)
	if s == "" {
		return "-"
	}
	return "`" + s + "`"
}

// shown drops what has no look of its own (line breaks, controls, what turns the
// direction of a text) and replaces what ends code spans and cells.
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

// link is a value that leads to a URL; without one it is the value alone.
func link(s, url string) string {
	if url == "" || s == "" {
		return code(s)
	}
	return "[" + code(s) + "](" + url + ")"
}

// fenced shows text of any origin as it is: the fence is longer than any run of
// backticks in it.
func fenced(text string) string { return fencedAs("", text) }

// fencedAs does the same with the text's language.
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

// folded hides Markdown behind a line that opens it: words of our own, and a
// value of any origin.
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

// clipBytes cuts a text of lines to a number of bytes, where a line ends if
// there is one.
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
