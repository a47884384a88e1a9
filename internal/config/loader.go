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

// wrong adds a mistake, which is told once.
func (l *loader) wrong(name, format string, args ...any) {
	mistake := name + ": " + fmt.Sprintf(format, args...)
	if !l.told[mistake] {
		l.mistakes = append(l.mistakes, mistake)
	}
	l.told[mistake] = true
}

// uses reports whether the setting is one of the verb's.
func (l *loader) uses(name string) bool {
	_, ok := l.settings[name]
	return ok
}

// raw is what was given, to the letter; empty for a setting that the verb does
// not use.
func (l *loader) raw(name string) string {
	if !l.uses(name) {
		return ""
	}
	return l.look(name)
}

// value is what was given or the default; blanks alone are as good as nothing.
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

// stoodInFor reports whether another setting was given in the place of s. Why
// nothing has come of it then is told of that one.
func (l *loader) stoodInFor(s Setting) bool {
	return s.Unless != "" && strings.TrimSpace(l.raw(s.Unless)) != ""
}

// chosen reports whether something else than the default was given. A workflow
// gives an action's defaults like any value.
func (l *loader) chosen(name string) bool {
	return l.uses(name) && l.value(name) != l.settings[name].Default
}

// words splits a list at commas, blanks and line breaks; what is one of them.
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

// maxText is what one variable of an environment carries (128 KiB on Linux),
// with four bytes for one, as scripts get it.
const maxText = 30000

// commands is a text for sh. If it is too long it belongs into a script of its
// own, which instead names.
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

// duration reads a setting of at least least and at most most.
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
