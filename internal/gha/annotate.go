package gha

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apxr/slipway/internal/progress"
)

// The lengths at which GitHub cuts an annotation and its title.
const (
	maxAnnotation = 4096
	maxTitle      = 255
)

// maxShown is how many annotations of a severity are sent: GitHub shows ten of
// a step, the first ones, and the error that ends the run has to be among them.
const maxShown = 9

// Annotate shows what a compiler said at its place in the source.
func (r *Runner) Annotate(a progress.Annotation) {
	if r.shown[a.Severity] >= maxShown {
		r.dropped[a.Severity]++
		return
	}
	r.shown[a.Severity]++
	r.unfence()
	action := r.action.WithFieldsMap(properties(a)) // which escapes them
	if a.Severity == progress.SeverityError {
		action.Errorf("%s", clip(a.Message, maxAnnotation))
	} else {
		action.Warningf("%s", clip(a.Message, maxAnnotation))
	}
}

// properties leaves out what is not known; the runner drops a column without a
// line.
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

// more says how many annotations were dropped, if any were.
func (r *Runner) more() string {
	var parts []string
	total := 0
	for _, severity := range []progress.Severity{progress.SeverityError, progress.SeverityWarning} {
		if n := r.dropped[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d more compile %s%s", n, severity, plural(n, "", "s")))
			total += n
		}
	}
	if total == 0 {
		return ""
	}
	return strings.Join(parts, " and ") + plural(total, " is", " are") + " in the log"
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
