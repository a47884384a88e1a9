package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type loader struct {
	verb     Verb
	look     Lookup
	settings map[string]Setting
	noRemote bool // all servers are the machine itself
	mistakes Mistakes
	told     map[string]bool
}

// wrong adds a mistake, unless the same one was already added.
func (l *loader) wrong(name, format string, args ...any) {
	mistake := name + ": " + fmt.Sprintf(format, args...)
	if !l.told[mistake] {
		l.mistakes = append(l.mistakes, mistake)
	}
	l.told[mistake] = true
}

// uses reports whether the verb has the setting.
func (l *loader) uses(name string) bool {
	_, ok := l.settings[name]
	return ok
}

// raw returns the exact text given for a setting, or "" if the verb does not
// use the setting.
func (l *loader) raw(name string) string {
	if !l.uses(name) {
		return ""
	}
	return l.look(name)
}

// value returns the text given for a setting, or the default. Blanks alone
// count as nothing.
func (l *loader) value(name string) string {
	s, v := l.settings[name], l.raw(name)
	if text := strings.TrimSpace(v); text == "" || s.Type != Secret && s.Type != Block {
		v = text
	}
	if v = cmp.Or(v, s.Default); v == "" && s.Required(l.verb) && !(s.Remote && l.noRemote) && !l.stoodInFor(s) {
		l.wrong(name, "missing. %s", s.Help)
	}
	return v
}

// stoodInFor reports whether another setting was given in place of s. If so, a
// missing value is reported for that setting only.
func (l *loader) stoodInFor(s Setting) bool {
	return s.Unless != "" && strings.TrimSpace(l.raw(s.Unless)) != ""
}

// chosen reports whether the value differs from the default. A workflow passes
// the defaults of an action like any other value.
func (l *loader) chosen(name string) bool {
	return l.uses(name) && l.value(name) != l.settings[name].Default
}

// words splits a list at commas, blanks and line breaks. Mistakes call an item
// by the word in what.
func (l *loader) words(name, what string) []string {
	given := l.value(name)
	words := strings.FieldsFunc(given, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	if given != "" && len(words) == 0 {
		l.wrong(name, "no %s is named in %.100q", what, given)
	}
	return words
}

func (l *loader) matching(name string, re *regexp.Regexp, form string) string {
	v := l.value(name)
	if v != "" && !re.MatchString(v) {
		l.wrong(name, "%.100q is not %s", v, form)
	}
	return v
}

// maxText is the longest text that fits into one environment variable (128 KiB
// on Linux). Scripts get it encoded, with up to four bytes for one.
const maxText = 30000

// commands returns a text for sh. For a text that is too long, instead says
// where to put it.
func (l *loader) commands(name, instead string) string {
	v := l.value(name)
	if len(v) > maxText {
		l.wrong(name, "it has %d bytes, and %d are the most: put it into %s", len(v), maxText, instead)
	}
	if strings.Contains(v, "\x00") {
		l.wrong(name, "it has a NUL in it, which no shell reads")
	}
	return v
}

// duration reads a setting between least and most.
func (l *loader) duration(name string, least, most time.Duration) time.Duration {
	v := l.value(name)
	if v == "" {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		above := "above 0"
		if least == 0 {
			above = "of 0s"
		}
		l.wrong(name, "%.100q is not a duration %s and up to %s, such as 90s", v, above, hours(most))
		return 0
	}
	return d
}

func hours(d time.Duration) string { return fmt.Sprintf("%dh", d/time.Hour) }

func (l *loader) number(name string, least int, why string) int {
	v := l.value(name)
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least {
		l.wrong(name, "%.100q is not a whole number of at least %d%s", v, least, why)
	}
	return n
}

func (l *loader) isOn(name string) bool {
	v := l.value(name)
	if v != "" && v != "true" && v != "false" {
		l.wrong(name, "%.100q is neither true nor false", v)
	}
	return v == "true"
}
