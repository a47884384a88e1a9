package gha

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apxr/slipway/internal/progress"
)

// GitHub cuts an annotation and its title at these lengths.
const (
	maxAnnotation = 4096
	maxTitle      = 255
)

// GitHub shows the first ten annotations of each kind in a step. The tenth is
// reserved for those that must be shown: the run's own error or warning, or the
// notice that there are more.
const (
	maxShown  = 10
	maxOthers = maxShown - 1
)

// The kinds of annotations.
const (
	kindError   = string(progress.SeverityError)
	kindWarning = string(progress.SeverityWarning)
	kindNotice  = "notice"
)

// room reports whether one more annotation of a kind fits under the limit most. If
// not, it counts the annotation as dropped, under its name.
func (r *Runner) room(kind string, most int, name string) bool {
	if r.shown[kind] >= most {
		r.dropped[name]++
		return false
	}
	r.shown[kind]++
	return true
}

// Annotate shows a compiler's message at its place in the source.
func (r *Runner) Annotate(a progress.Annotation) {
	if !r.room(string(a.Severity), maxOthers, "compile "+string(a.Severity)) {
		return
	}
	r.unfence()
	action := r.action.WithFieldsMap(properties(a)) // it escapes them
	if a.Severity == progress.SeverityError {
		action.Errorf("%s", clip(a.Message, maxAnnotation))
	} else {
		action.Warningf("%s", clip(a.Message, maxAnnotation))
	}
}

// properties leaves out unknown values. The runner drops a column without a line.
func properties(a progress.Annotation) map[string]string {
	p := map[string]string{}
	if a.File != "" {
		p["file"] = a.File
	}
	if a.Title != "" {
		p["title"] = clip(a.Title, maxTitle)
	}
	if a.Line > 0 {
		p["line"] = strconv.Itoa(a.Line)
	}
	if a.Line > 0 && a.Column > 0 {
		p["col"] = strconv.Itoa(a.Column)
	}
	return p
}

// lines prints a message as plain lines, since there is no room for it as an
// annotation.
func (r *Runner) lines(kind, message string) {
	for line := range strings.Lines(kind + ": " + message) {
		r.Line(strings.TrimRight(line, "\r\n"))
	}
}

// more returns a text that says how many annotations were dropped, or "".
func (r *Runner) more() string {
	var parts []string
	total := 0
	for _, name := range []string{"compile " + kindError, "compile " + kindWarning, kindWarning, kindNotice} {
		if n := r.dropped[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d more %s%s", n, name, plural(n, "", "s")))
			total += n
		}
	}
	if total == 0 {
		return ""
	}
	return listed(parts) + plural(total, " is", " are") + " in the log"
}

// listed joins the parts to "a", "a and b" or "a, b and c".
func listed(parts []string) string {
	last := len(parts) - 1
	if last == 0 {
		return parts[0]
	}
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const end = " [...]"
	return strings.ToValidUTF8(text[:most-len(end)], "") + end
}
