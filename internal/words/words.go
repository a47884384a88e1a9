// Package words puts numbers and lists into English sentences.
//
// It does not know what is counted or named.
package words

import (
	"fmt"
	"strings"
)

// Count returns a number with its noun, such as "1 host" or "2 hosts".
func Count(n int, noun string) string {
	return fmt.Sprintf("%d %s", n, Plural(n, noun, noun+"s"))
}

// Plural returns one for the number 1, and more for every other number.
func Plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// mostNamed limits how many items of a list are named: a message about hundreds
// of hosts has to stay readable.
const mostNamed = 8

// Names joins names, and counts those beyond the first eight.
func Names(all []string) string {
	if len(all) <= mostNamed {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:mostNamed], ", "), len(all)-mostNamed)
}

// List joins all words, or returns "none".
func List[S ~string](all []S) string {
	if len(all) == 0 {
		return "none"
	}
	list := make([]string, len(all))
	for i, s := range all {
		list[i] = string(s)
	}
	return strings.Join(list, ", ")
}

// OrNothing returns a word, or "nothing" if it is empty.
func OrNothing[S ~string](s S) string {
	if s == "" {
		return "nothing"
	}
	return string(s)
}
