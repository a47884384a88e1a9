package secret

import (
	"regexp"
	"strings"
)

var (
	// ellipsis is what programs put where they cut a text.
	ellipsis = regexp.MustCompile(`\.\.\.|…|\x{FFFD}|\[cut\]|\(truncated\)`)
	// label is what journald's readers put before each part of a message that was
	// too long for it.
	label = regexp.MustCompile(`^[^\s:]+: `)
)

// around are the characters that may be between a cut and the ellipsis for it. A
// secret may have them too.
const (
	around     = " \t\r\"'`<>()[]"
	mostAround = 8
)

// partial returns the parts of secrets at the places where a text may be cut.
func (s *Set) partial(text string) (found []span) {
	if s.hidden.first == nil {
		return nil
	}
	at := 0
	for line := range strings.Lines(text) {
		for _, part := range uncut(strings.TrimSuffix(line, "\n")) {
			inside := text[at+part.from : at+part.to]
			for _, f := range s.hidden.ends(inside) {
				found = append(found, span{at + part.from + f.from, at + part.from + f.to})
			}
		}
		at += len(line)
	}
	return found
}

// uncut returns the parts of a line between the places where it may be cut.
func uncut(line string) []span {
	var all []span
	from := 0
	for _, at := range ellipsis.FindAllStringIndex(line, -1) {
		if at[1]-at[0] == 1 { // a part of a character, which the expression takes for U+FFFD
			continue
		}
		all = append(all, span{from, at[0]})
		from = at[1]
	}
	all = append(all, span{from, len(line)})
	if named := label.FindString(line); named != "" {
		all = append(all, span{len(named), len(line)})
	}
	return all
}

// ends returns the parts of secrets at both ends of s, and beside what may be
// around s there.
func (x *index) ends(s string) (found []span) {
	left := len(s) - len(strings.TrimLeft(s, around))
	for from := 0; from <= min(left, mostAround); from++ {
		if n := x.tail(s[from:]); n > 0 {
			found = append(found, span{from, from + n})
		}
	}
	right := len(strings.TrimRight(s, around))
	for to := len(s); to >= max(right, len(s)-mostAround); to-- {
		if n := x.head(s[:to]); n > 0 {
			found = append(found, span{to - n, to})
		}
	}
	return found
}

// head returns the length of the longest beginning of a secret at the end of s,
// if that is at least half of the secret.
func (x *index) head(s string) int {
	for i := max(0, len(s)-longest); i+keyed <= len(s); i++ {
		if fits(x.at(s[i:]), s[i:], strings.HasPrefix) {
			return len(s) - i
		}
	}
	return 0
}

// tail does the same with the end of a secret at the beginning of s.
func (x *index) tail(s string) int {
	for n := min(len(s), longest); n >= keyed; n-- {
		if fits(x.last[key(s[n-keyed:])], s[:n], strings.HasSuffix) {
			return n
		}
	}
	return 0
}

func fits(secrets []string, part string, has func(secret, part string) bool) bool {
	for _, secret := range secrets {
		if len(part) < len(secret) && 2*len(part) >= len(secret) && has(secret, part) {
			return true
		}
	}
	return false
}
