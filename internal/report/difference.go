package report

import (
	"strings"

	"github.com/apxr/slipway/internal/setup"
)

// maxLines bounds the line-by-line comparison. In longer texts all lines are
// shown as replaced.
const maxLines = 1500

// difference returns a change as diff -u shows it, with three lines of context.
func difference(d setup.Diff) string {
	lines := edits(splitLines(d.Before), splitLines(d.After))
	var b strings.Builder
	if d.Header != "" {
		b.WriteString("--- " + d.Header + "\n+++ " + d.Header + "\n")
	}
	skipped := false
	for i, line := range lines {
		if !near(lines, i) {
			skipped = true
			continue
		}
		if skipped || i == 0 && b.Len() > 0 {
			b.WriteString("@@\n")
		}
		skipped = false
		b.WriteString(line + "\n")
	}
	return b.String()
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// near reports whether a line is a change or at most three lines away from one.
func near(lines []string, i int) bool {
	for j := max(0, i-3); j <= min(len(lines)-1, i+3); j++ {
		if lines[j][0] != ' ' {
			return true
		}
	}
	return false
}

// edits returns the lines of both texts, each marked as kept, removed or added.
// It compares what is between their common beginning and end, by their longest
// common subsequence.
func edits(before, after []string) []string {
	var out []string
	mark := func(sign string, lines []string) {
		for _, line := range lines {
			out = append(out, sign+line)
		}
	}
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	mark(" ", before[:head])
	was, is := before[head:len(before)-tail], after[head:len(after)-tail]
	if len(was) > maxLines || len(is) > maxLines {
		mark("-", was)
		mark("+", is)
	} else {
		out = append(out, common(was, is)...)
	}
	mark(" ", before[len(before)-tail:])
	return out
}

func common(was, is []string) []string {
	// longest[i][j] is the length of the longest common subsequence of was[i:]
	// and is[j:].
	longest := make([][]int32, len(was)+1)
	for i := range longest {
		longest[i] = make([]int32, len(is)+1)
	}
	for i := len(was) - 1; i >= 0; i-- {
		for j := len(is) - 1; j >= 0; j-- {
			if was[i] == is[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(was) || j < len(is) {
		switch {
		case i < len(was) && j < len(is) && was[i] == is[j]:
			out = append(out, " "+was[i])
			i, j = i+1, j+1
		case j == len(is) || i < len(was) && longest[i+1][j] >= longest[i][j+1]:
			out = append(out, "-"+was[i])
			i++
		default:
			out = append(out, "+"+is[j])
			j++
		}
	}
	return out
}
