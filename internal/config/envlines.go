package config

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var envNameRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// envRules are the rules of one setting of lines NAME=VALUE.
type envRules struct {
	refuse  func(name string) (why string) // empty: the name is allowed
	export  bool                           // a name may follow "export "
	unquote func(value string) (string, bool)
	utf8    bool
}

// variables reads lines NAME=VALUE. Mistakes never show a line: it may begin
// with a secret.
func (l *loader) variables(setting, text string, rules envRules) []Variable {
	var all []Variable
	seen := map[string]bool{}
	for _, a := range assignments(text) {
		name, value, balanced := a.name, a.value, true
		if rules.export {
			name = withoutExport(name)
		}
		if rules.unquote != nil && !a.marked {
			value, balanced = rules.unquote(value)
		}
		if a.endless {
			l.wrong(setting, "line %d: its end mark is not there", a.line)
		}
		switch {
		case !a.complete || !envNameRE.MatchString(name):
			l.wrong(setting, "line %d is not NAME=VALUE with a valid name of a variable (letters, digits and _, no digit first)", a.line)
		case rules.refuse(name) != "":
			l.wrong(setting, "line %d: %s %s", a.line, name, rules.refuse(name))
		case seen[name]:
			l.wrong(setting, "line %d: %s is there twice", a.line, name)
		case strings.Contains(value, "\x00"):
			l.wrong(setting, "line %d: %s has a NUL in its value", a.line, name)
		case rules.utf8 && !utf8.ValidString(value):
			l.wrong(setting, "line %d: the value of %s is not UTF-8: write it in base64, say, and let the application decode it", a.line, name)
		case !balanced:
			l.wrong(setting, "line %d: the value of %s starts with a quote and does not end with the same one (nothing may follow it, no blank or comment either); several lines are %s<<END, the lines, and END", a.line, name, name)
		}
		seen[name] = true
		all = append(all, Variable{name, value})
	}
	return all
}

// assignment is one NAME=VALUE, or NAME<<END with its lines and END.
type assignment struct {
	line        int // its first line, counted from 1
	name, value string
	complete    bool // it has "=" or "<<" after the name
	marked      bool // NAME<<END
	endless     bool // NAME<<END, and END is missing
}

func assignments(text string) []assignment {
	var all []assignment
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if text := strings.TrimSpace(lines[i]); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		a := assignment{line: i + 1}
		a.name, a.value, a.complete = strings.Cut(lines[i], "=")
		if head, end, found := strings.Cut(lines[i], "<<"); found && (!a.complete || len(head) < len(a.name)) {
			a.name, a.complete, a.marked = head, true, true
			a.value, i, a.endless = until(strings.TrimSpace(end), lines, i+1)
		}
		a.name = strings.TrimSpace(a.name)
		all = append(all, a)
	}
	return all
}

// until joins the lines up to the end mark.
func until(end string, lines []string, from int) (value string, at int, endless bool) {
	for at := from; at < len(lines); at++ {
		if lines[at] == end {
			return strings.Join(lines[from:at], "\n"), at, false
		}
	}
	return "", len(lines), true
}

// withoutExport removes the "export " that a shell file has before a name.
func withoutExport(name string) string {
	rest, found := strings.CutPrefix(name, "export")
	if trimmed := strings.TrimLeft(rest, " \t"); found && trimmed != rest {
		return trimmed
	}
	return name
}

var escapes = strings.NewReplacer(`\"`, `"`, `\\`, `\`)

// unquote removes the quotes around a value. Single quotes keep everything
// inside literally. In double quotes a backslash escapes a quote or a
// backslash. It returns false if the closing quote is missing.
func unquote(value string) (string, bool) {
	if value == "" || value[0] != '\'' && value[0] != '"' {
		return value, true
	}
	inner, closed := strings.CutSuffix(value[1:], value[:1])
	if !closed {
		return value, false
	}
	if value[0] == '\'' {
		return inner, true
	}
	// An odd number of backslashes at the end escapes the closing quote itself.
	if n := len(inner) - len(strings.TrimRight(inner, `\`)); n%2 == 1 {
		return value, false
	}
	return escapes.Replace(inner), true
}
