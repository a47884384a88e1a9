package gha

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/progress"
)

var _ progress.Face = (*Runner)(nil)

// annotations returns the annotations that GitHub shows: the first ten of each
// kind.
func annotations(log string) []annotation {
	a := &actionsRunner{}
	a.run(log)
	var shown []annotation
	counts := map[string]int{}
	for _, found := range a.annotations {
		if counts[found.kind]++; counts[found.kind] <= 10 {
			shown = append(shown, found)
		}
	}
	return shown
}

func logged(tell func(*Runner)) string {
	var log strings.Builder
	r := New(env(nil), &log)
	tell(r)
	r.Close()
	return log.String()
}

func TestAnAnnotationReachesItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		given progress.Annotation
		want  annotation
	}{
		"all of it": {
			progress.Annotation{Severity: "error", File: "lib/foo.ex", Line: 3, Column: 5, Title: "SyntaxError", Message: "unexpected token: )"},
			annotation{"error", map[string]string{"file": "lib/foo.ex", "line": "3", "col": "5", "title": "SyntaxError"}, "unexpected token: )"},
		},
		"a warning of several lines, 100%": {
			progress.Annotation{Severity: "warning", File: "a.ex", Line: 1, Message: "a\r\n::error::b\n%0A 100%"},
			annotation{"warning", map[string]string{"file": "a.ex", "line": "1"}, "a\r\n::error::b\n%0A 100%"},
		},
		"a file that would be other properties, or the message": {
			progress.Annotation{Severity: "error", File: "a,line=9::b\n::error::c\r%2C%3A;x=y", Line: 2, Title: "t,file=x::y", Message: "m"},
			annotation{"error", map[string]string{"file": "a,line=9::b\n::error::c\r%2C%3A;x=y", "line": "2", "title": "t,file=x::y"}, "m"},
		},
		"no place": {progress.Annotation{Severity: "error", Message: "m"}, annotation{"error", map[string]string{}, "m"}},
		"a column without a line": {
			progress.Annotation{Severity: "error", File: "a.ex", Column: 3, Message: "m"},
			annotation{"error", map[string]string{"file": "a.ex"}, "m"},
		},
	} {
		log := logged(func(r *Runner) {
			r.Line("output of a command")
			r.Annotate(c.given)
			r.Line("::error::evil")
		})
		if got := annotations(log); len(got) != 1 || !got[0].equal(c.want) {
			t.Errorf("%s: %q\nwant %q\nlog %q", name, got, c.want, log)
		}
	}
}

func TestAnnotationsHaveTheLengthThatGitHubShows(t *testing.T) {
	long := strings.Repeat("☃", 5000)
	got := annotations(logged(func(r *Runner) {
		r.Annotate(progress.Annotation{Severity: "warning", File: "a.ex", Line: 1, Title: long, Message: long})
		r.Annotate(progress.Annotation{Severity: "error", File: "a.ex", Line: 1, Title: "t" + long, Message: "m" + long})
	}))
	if len(got) != 2 {
		t.Fatal(got)
	}
	for text, most := range map[string]int{
		got[0].message: 4096, got[0].properties["title"]: 255, got[1].message: 4096, got[1].properties["title"]: 255,
	} {
		if len(text) > most || len(text) < most-10 || !utf8.ValidString(text) || !strings.HasSuffix(text, " [...]") {
			t.Errorf("%d bytes, ends %q", len(text), text[max(0, len(text)-10):])
		}
	}
}

func TestTheRunsOwnErrorIsAmongTheTenThatGitHubShows(t *testing.T) {
	for name, c := range map[string]struct {
		before, errors, warnings int // before counts the run's own errors
		shown                    int // of all kinds
		notice                   string
	}{
		"nine fit":           {0, 9, 9, 18 + 1, ""},
		"one is too many":    {0, 10, 0, 9 + 2, "1 more compile error is in the log"},
		"a warning too many": {0, 2, 10, 2 + 9 + 2, "1 more compile warning is in the log"},
		"many":               {0, 30, 1000, 18 + 2, "21 more compile errors and 991 more compile warnings are in the log"},
		"one of each":        {0, 10, 10, 18 + 2, "1 more compile error and 1 more compile warning are in the log"},
		"the run had errors": {2, 9, 0, 2 + 7 + 2, "2 more compile errors are in the log"},
		"the run had many":   {12, 1, 0, 10 + 1, "1 more compile error is in the log"},
	} {
		got := annotations(logged(func(r *Runner) {
			for range c.before {
				r.Error("early")
			}
			for i := range max(c.errors, c.warnings) {
				if i < c.errors {
					r.Annotate(progress.Annotation{Severity: "error", File: "a.ex", Line: i + 1, Message: "e"})
				}
				if i < c.warnings {
					r.Annotate(progress.Annotation{Severity: "warning", File: "a.ex", Line: i + 1, Message: "w"})
				}
			}
			if c.before < 10 {
				r.Error("final")
			}
		}))
		final := slices.ContainsFunc(got, func(a annotation) bool { return a.message == "final" })
		if len(got) != c.shown || final != (c.before < 10) {
			t.Errorf("%s: %d shown, the run's own: %t", name, len(got), final)
		}
		if notice := strings.Join(notices(got), "; "); notice != c.notice {
			t.Errorf("%s: %q", name, notice)
		}
	}
}

func notices(shown []annotation) (messages []string) {
	for _, a := range shown {
		if a.kind == "notice" {
			messages = append(messages, a.message)
		}
	}
	return messages
}

func TestDroppedAnnotationsAreReportedOnce(t *testing.T) {
	log := logged(func(r *Runner) {
		for i := range 12 {
			r.Line("output")
			r.Annotate(progress.Annotation{Severity: "error", File: "a.ex", Line: i + 1, Message: "e"})
		}
		r.Close()
		r.Line("more output")
	})
	if got := notices(annotations(log)); !slices.Equal(got, []string{"3 more compile errors are in the log"}) {
		t.Errorf("%q", got)
	}
}

// told counts annotations of each kind.
type told struct{ compile, warnings, notices int }

func (n told) tell(r *Runner) {
	for i := range n.compile {
		r.Annotate(progress.Annotation{Severity: "warning", File: "a.ex", Line: i + 1, Message: "compiler"})
	}
	for i := range n.warnings {
		r.Warning(fmt.Sprintf("run %d", i+1))
	}
	for i := range n.notices {
		r.Notice(fmt.Sprintf("note %d", i+1))
	}
}

func TestTenOfEachKindAreShownAndTheRestIsInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		told
		sent, lines []string // kinds with their numbers; the first and the last line
		more        string
	}{
		"nothing":               {told{}, nil, nil, ""},
		"ten of the run's own":  {told{0, 10, 9}, []string{"notice 9", "run 10"}, nil, ""},
		"a notice too many":     {told{0, 0, 10}, []string{"notice 9"}, []string{"notice: note 10"}, "1 more notice is in the log"},
		"many notices":          {told{0, 0, 30}, []string{"notice 9"}, []string{"notice: note 10", "notice: note 30"}, "21 more notices are in the log"},
		"one after the nine":    {told{20, 1, 0}, []string{"compiler 9", "run 1"}, nil, "11 more compile warnings are in the log"},
		"several after nine":    {told{9, 3, 0}, []string{"compiler 9", "run 1"}, []string{"warning: run 2", "warning: run 3"}, "2 more warnings are in the log"},
		"few of both":           {told{4, 6, 0}, []string{"compiler 4", "run 6"}, nil, ""},
		"too many of all kinds": {told{10, 2, 11}, []string{"compiler 9", "notice 9", "run 1"}, []string{"warning: run 2", "notice: note 11"}, "1 more compile warning, 1 more warning and 2 more notices are in the log"},
	} {
		a := &actionsRunner{}
		a.run(logged(c.tell))
		sent := map[string]int{}
		var more string
		for i, found := range a.annotations {
			what, _, _ := strings.Cut(strings.Replace(found.message, "note", "notice", 1), " ")
			if i == len(a.annotations)-1 && strings.HasSuffix(found.message, "in the log") {
				more = found.message
				continue
			}
			sent[what]++
		}
		var kinds []string
		for what, n := range sent {
			kinds = append(kinds, fmt.Sprint(what, " ", n))
		}
		slices.Sort(kinds)
		if !slices.Equal(kinds, c.sent) || more != c.more {
			t.Errorf("%s: sent %q, %q", name, kinds, more)
		}
		lines := slices.DeleteFunc(a.text, func(line string) bool { return line == "" })
		if len(lines) > 2 {
			lines = []string{lines[0], lines[len(lines)-1]}
		}
		if !slices.Equal(lines, c.lines) {
			t.Errorf("%s: lines %q", name, lines)
		}
	}
}

// A message over the limit is printed as text, line by line.
func TestANoticeOverTheLimitIsNotACommand(t *testing.T) {
	a := &actionsRunner{}
	a.run(logged(func(r *Runner) {
		told{notices: 9}.tell(r)
		r.Notice("tenth\n::error::evil\n##[error]evil")
	}))
	if got := a.text[len(a.text)-4 : len(a.text)-1]; !slices.Equal(got, []string{"notice: tenth", "::error::evil", "##[error]evil"}) || len(a.annotations) != 10 {
		t.Errorf("%q; %d annotations", a.text, len(a.annotations))
	}
}
