// Package secret hides secrets in text, in every form in which programs print
// them: escaped, encoded, cut, or written in pieces.
//
// The package does not know where secrets come from, nor where the text goes.
package secret

import (
	"slices"
	"strings"
	"unicode"
)

// mask replaces a secret.
const mask = "***"

// Set is a set of secrets. It is safe for use by several goroutines. The zero
// value and nil hide nothing.
type Set struct {
	hidden index
	public index // public texts that contain a hidden one
}

// New returns a set that hides the secrets. Public texts are names that readers
// and later programs need, such as those of hosts: they stay as they are, even if
// a secret equals one or is a part of one.
func New(secrets, public []string) *Set {
	var values, forms, parts []string
	for _, secret := range secrets {
		values = append(values, valuesOf(secret)...)
	}
	for _, value := range distinct(values) {
		if !slices.Contains(public, value) {
			forms = append(forms, formsOf(value)...)
		}
	}
	for _, form := range distinct(forms) {
		parts = append(parts, pieces(form)...)
	}
	s := &Set{}
	for _, part := range distinct(parts) {
		s.hidden.add(part)
	}
	s.hidden.sort()
	for _, text := range public {
		if len(text) <= longest && len(s.hidden.find(text)) > 0 {
			s.public.add(text)
		}
	}
	s.public.sort()
	return s
}

func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

// Hide returns the text with *** in place of every secret.
func (s *Set) Hide(text string) string {
	if s == nil {
		return text
	}
	return s.render(text, s.hidden.find(text))
}

// HideCut does the same with text that somebody else may have cut. At each end of
// a line, and beside an ellipsis, it also hides a part of a secret that is at
// least half of it.
func (s *Set) HideCut(text string) string {
	if s == nil {
		return text
	}
	return s.render(text, append(s.hidden.find(text), s.partial(text)...))
}

// HideAny does the same as HideCut with each of several lines.
func (s *Set) HideAny(lines []string) []string {
	hidden := make([]string, len(lines))
	for i, line := range lines {
		hidden[i] = s.HideCut(line)
	}
	return hidden
}

// span is a part of a text, from a byte to before another.
type span struct{ from, to int }

// merged joins the parts to hide, in order, without those in a public text.
func merged(found, public []span) []span {
	found = slices.DeleteFunc(found, func(f span) bool {
		return slices.ContainsFunc(public, func(p span) bool { return p.from <= f.from && f.to <= p.to })
	})
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	var joined []span
	for _, f := range found {
		if last := len(joined) - 1; last >= 0 && f.from <= joined[last].to {
			joined[last].to = max(joined[last].to, f.to)
			continue
		}
		joined = append(joined, f)
	}
	return joined
}

// render returns the text with these parts hidden.
func (s *Set) render(text string, found []span) string {
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, h := range merged(found, s.public.find(text)) {
		b.WriteString(text[at:h.from] + mask)
		at = h.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// Visible removes the control characters, with which others could control a
// terminal, except tabs and line breaks. A secret may have some inside.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
